import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { run } from "../../../test/reference/interpreter.ts";
import { graphBuilder } from "../graph/builder.ts";
import type { Tensor } from "../graph/tensor.ts";
import { f32, i64, scalar } from "../graph/tensor.ts";
import { emitter } from "./emitter.ts";
import { adam, adamW } from "./optimizers/adam.ts";
import type { Optimizer } from "./optimizers/optimizer.ts";
import { adagrad, rmsprop } from "./optimizers/root-mean-square.ts";
import { sgd } from "./optimizers/sgd.ts";
import type { UpdateOptions } from "./updates.ts";
import { emitUpdates, stepCount } from "./updates.ts";

/** One step at rate 1 of two parameters at 10, with gradients [3, 0] and [0, 4]: a norm of 5. */
function stepped(options: Omit<UpdateOptions, "optimizer">): number[] {
  const b = graphBuilder("updates");
  const names = ["a", "b"].flatMap((p) => [p, `${p}.grad`, `${p}.anchor`, `${p}.variate`]);
  for (const name of names) b.input({ name, dtype: "float32", shape: [2] });
  b.input({ name: "learningRate", dtype: "float32", shape: [] });
  const gradients = new Map([
    ["a", "a.grad"],
    ["b", "b.grad"],
  ]);
  emitUpdates(emitter(b, "step"), { optimizer: sgd(), ...options }, gradients);
  const feeds = Object.fromEntries(names.map((name) => [name, f32([10, 10])]));
  const found = run(
    b.build(),
    {
      ...feeds,
      "a.grad": f32([3, 0]),
      "b.grad": f32([0, 4]),
      "a.variate": f32([1, 1]),
      "b.variate": f32([2, 2]),
      "a.anchor": f32([8, 10]),
      learningRate: scalar(1),
    },
    ["a.next", "b.next"],
  );
  return ["a.next", "b.next"].flatMap((name) => [...(found[name]!.data as Float64Array)]);
}

// Hand computation.
test.for([
  ["nothing", {}, [7, 10, 10, 6]],
  ["a norm of 2.5, half of theirs", { clipNorm: 2.5 }, [8.5, 10, 10, 8]],
  ["a norm that they do not reach", { clipNorm: 6 }, [7, 10, 10, 6]],
  ["variates", { variates: true }, [6, 9, 8, 4]],
  ["a pull of 0.5", { proximal: 0.5 }, [6, 10, 10, 6]],
] as const)("gradients with %s", ([, options, expected]) => {
  for (const [i, value] of stepped(options).entries()) expect(value).toBeCloseTo(expected[i]!, 5);
});

test("a norm that is not above 0 is refused", () => {
  expect(() => stepped({ clipNorm: 0 })).toThrow(
    expect.objectContaining({ code: "OPTIMIZER_INVALID" }),
  );
});

// What PyTorch's optimizers of the same names make of it: test/fixtures/training/make-optimizers.py.
const { start, factors, rate, results } = JSON.parse(
  readFileSync(new URL("../../../test/fixtures/training/optimizers.json", import.meta.url), "utf8"),
) as {
  readonly start: readonly number[];
  readonly factors: readonly number[];
  readonly rate: number;
  readonly results: Readonly<Record<string, readonly number[]>>;
};

const optimizers: Readonly<Record<string, readonly [Optimizer, clipNorm?: number]>> = {
  sgd: [sgd()],
  "sgd, decay": [sgd({ weightDecay: 0.1 })],
  momentum: [sgd({ momentum: 0.9 })],
  nesterov: [sgd({ momentum: 0.9, nesterov: true })],
  adam: [adam()],
  "adam, decay": [adam({ weightDecay: 0.1 })],
  adamw: [adamW()],
  "adamw, decay": [adamW({ weightDecay: 0.2 })],
  adagrad: [adagrad()],
  "adagrad, decay": [adagrad({ weightDecay: 0.1 })],
  rmsprop: [rmsprop()],
  "rmsprop, momentum": [rmsprop({ momentum: 0.9, weightDecay: 0.1 })],
  clipped: [sgd({ momentum: 0.9 }), 0.5],
};

/** Ten steps from the fixture's start; the gradient of a step is `w * factor + drift`. */
function trained(optimizer: Optimizer, clipNorm?: number): readonly number[] {
  const b = graphBuilder("updates");
  const states = optimizer.states.map((name) => `w.${name}`);
  for (const name of ["w", "w.grad", ...states]) b.input({ name, dtype: "float32", shape: [6] });
  b.input({ name: "learningRate", dtype: "float32", shape: [] });
  b.input({ name: stepCount, dtype: "int64", shape: [] });
  const options = clipNorm === undefined ? { optimizer } : { optimizer, clipNorm };
  emitUpdates(emitter(b, "step"), options, new Map([["w", "w.grad"]]));
  const counts = optimizer.betas === undefined ? [] : [stepCount];
  const carried = ["w", ...states, ...counts];
  let state: Record<string, Tensor> = {
    ...Object.fromEntries(states.map((name) => [name, f32(new Float32Array(6))])),
    w: f32(start),
    [stepCount]: i64([0], []),
  };
  for (let step = 0; step < 10; step += 1) {
    const w = state["w"]?.data as Float32Array;
    const gradient = Array.from(w, (value, i) => {
      return value * (factors[i] ?? 0) + (((step * 7 + i * 3) % 11) - 5) / 10;
    });
    const feeds = { ...state, "w.grad": f32(gradient), learningRate: scalar(rate) };
    const found = run(
      b.build(),
      feeds,
      carried.map((name) => `${name}.next`),
    );
    state = {
      ...state,
      ...Object.fromEntries(carried.map((name) => [name, found[`${name}.next`]!])),
    };
  }
  return Array.from(state["w"]?.data as Float64Array);
}

test("the fixture and the table here name the same optimizers", () => {
  expect(Object.keys(optimizers)).toEqual(Object.keys(results));
});

test.for(Object.keys(optimizers))(
  "%s ends where PyTorch's does, with the same defaults",
  (name) => {
    const [optimizer, clipNorm] = optimizers[name] ?? [sgd()];
    for (const [i, value] of trained(optimizer, clipNorm).entries()) {
      expect(Math.abs(value - (results[name]?.[i] ?? Number.NaN)), `number ${i}`).toBeLessThan(
        2e-5,
      );
    }
  },
);
