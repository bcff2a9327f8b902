import { expect, test } from "vitest";
import { run } from "../../../../test/reference/interpreter.ts";
import { graphBuilder } from "../../graph/builder.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { f32, i64, scalar } from "../../graph/tensor.ts";
import { emitter } from "../emitter.ts";
import { adam, adamW, biasCorrections } from "./adam.ts";
import type { Optimizer } from "./optimizer.ts";
import { adagrad, rmsprop } from "./root-mean-square.ts";
import { sgd } from "./sgd.ts";

/** Three steps at rate 0.1 on p0² / 2 + 3 p1² / 2 from [1, -2]. */
function minimize(optimizer: Optimizer): number[] {
  const b = graphBuilder("update");
  const names = ["p", ...optimizer.states.map((name) => `p.${name}`)];
  for (const name of names) b.input({ name, dtype: "float32", shape: [2] });
  b.input({ name: "learningRate", dtype: "float32", shape: [] });
  const emit = emitter(b, "step");
  const step = { emit, learningRate: "learningRate" };
  const { betas } = optimizer;
  if (betas !== undefined) names.push(b.input({ name: "count", dtype: "int64", shape: [] }));
  const corrections =
    betas === undefined
      ? {}
      : {
          corrections: biasCorrections(emit, {
            betas,
            step: "count",
            learningRate: "learningRate",
          }),
        };
  const gradient = emit.op("Mul", ["p", emit.tensor(f32([1, 3]))]);
  optimizer.update({ ...step, ...corrections }, { parameter: "p", gradient });
  const graph = b.build();
  let state: Record<string, Tensor> = Object.fromEntries(names.map((name) => [name, f32([0, 0])]));
  state = { ...state, p: f32([1, -2]), ...(betas === undefined ? {} : { count: i64([0], []) }) };
  for (let at = 0; at < 3; at += 1) {
    const out = run(
      graph,
      { ...state, learningRate: scalar(0.1) },
      names.map((name) => `${name}.next`),
    );
    state = Object.fromEntries(names.map((name) => [name, out[`${name}.next`]!]));
  }
  return [...(state["p"]!.data as Float64Array)];
}

// torch.optim 2.13 in float64, the same three steps.
test.for([
  ["sgd", sgd(), [0.729, -0.686]],
  ["momentum", sgd({ momentum: 0.9 }), [0.486, 0.556]],
  [
    "Nesterov and decay",
    sgd({ momentum: 0.9, nesterov: true, weightDecay: 0.1 }),
    [0.273767471, 0.725935338],
  ],
  ["Adam", adam(), [0.701586275, -1.700623392]],
  ["Adam with decay", adam({ weightDecay: 0.1 }), [0.701586274, -1.700623392]],
  ["AdamW", adamW(), [0.698911185, -1.694944514]],
] as const)("%s moves as PyTorch's", ([, optimizer, expected]) => {
  for (const [i, value] of minimize(optimizer).entries())
    expect(value).toBeCloseTo(expected[i]!, 6);
});

/** The same three steps in plain arithmetic, by the update rules of PyTorch's documentation. */
function threeSteps(
  change: (slope: number, state: { square: number; velocity: number }) => number,
) {
  return [1, 3].map((factor, i) => {
    const state = { square: 0, velocity: 0 };
    let p = [1, -2][i]!;
    for (let at = 0; at < 3; at += 1) p -= 0.1 * change(factor * p, state);
    return p;
  });
}

const rms = (momentum: number) => (slope: number, state: { square: number; velocity: number }) => {
  state.square = 0.99 * state.square + 0.01 * slope ** 2;
  state.velocity = momentum * state.velocity + slope / (Math.sqrt(state.square) + 1e-8);
  return state.velocity;
};

test.for([
  [
    "Adagrad",
    adagrad(),
    threeSteps((slope, state) => {
      state.square += slope ** 2;
      return slope / (Math.sqrt(state.square) + 1e-10);
    }),
  ],
  ["RMSprop", rmsprop(), threeSteps(rms(0))],
  ["RMSprop with momentum", rmsprop({ momentum: 0.9 }), threeSteps(rms(0.9))],
] as const)("%s follows its update rule", ([, optimizer, expected]) => {
  for (const [i, value] of minimize(optimizer).entries())
    expect(value).toBeCloseTo(expected[i]!, 6);
});

test("options that make no sense are refused", () => {
  expect(() => sgd({ nesterov: true })).toThrow(
    expect.objectContaining({ code: "OPTIMIZER_INVALID" }),
  );
  expect(() => adam({ betas: [0.9, 1] })).toThrow(
    expect.objectContaining({ code: "OPTIMIZER_INVALID" }),
  );
});

// Hand computation: 1 - 0.999 = 1e-3, of which float32 would keep 5 digits.
test("bias corrections keep their digits", () => {
  const b = graphBuilder("corrections");
  b.input({ name: "count", dtype: "int64", shape: [] });
  const rate = b.input({ name: "rate", dtype: "float32", shape: [] });
  const found = biasCorrections(emitter(b, "step"), {
    betas: [0.5, 0.75],
    step: "count",
    learningRate: rate,
  });
  const out = run(b.build(), { count: i64([1], []), rate: scalar(3) }, [found.rate, found.root]);
  expect(out[found.rate]!.data[0]).toBeCloseTo(3 / (1 - 0.25), 12);
  expect(out[found.root]!.data[0]).toBeCloseTo(1 / Math.sqrt(1 - 0.5625), 12);
});
