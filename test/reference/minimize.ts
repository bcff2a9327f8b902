import { emitter } from "../../core/src/autodiff/emitter.ts";
import { biasCorrections } from "../../core/src/autodiff/optimizers/adam.ts";
import type { Optimizer } from "../../core/src/autodiff/optimizers/optimizer.ts";
import { graphBuilder } from "../../core/src/graph/builder.ts";
import type { Tensor } from "../../core/src/graph/tensor.ts";
import { f32, i64, scalar } from "../../core/src/graph/tensor.ts";
import { run } from "./interpreter.ts";

/** Three steps at rate 0.1 on p0² / 2 + 3 p1² / 2 from [1, -2]. */
export function minimize(optimizer: Optimizer): number[] {
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
