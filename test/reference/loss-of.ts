import { expect } from "vitest";
import { emitter } from "../../core/src/autodiff/emitter.ts";
import type { Loss } from "../../core/src/autodiff/losses/loss.ts";
import { graphBuilder } from "../../core/src/graph/builder.ts";
import type { Tensor } from "../../core/src/graph/tensor.ts";
import { run } from "./interpreter.ts";
import { runOnnx, runtimes } from "./onnxruntime.ts";

/** A loss by the float64 reference, checked on every runtime. */
export async function lossOf(
  loss: Loss,
  output: Tensor,
  target: Tensor,
  weight?: Tensor,
): Promise<number> {
  const b = graphBuilder("loss");
  const info = { name: "output", dtype: output.dtype, shape: ["N", ...output.shape.slice(1)] };
  b.input(info);
  b.input({ name: "target", ...loss.target(info) });
  if (weight !== undefined) b.input({ name: "weight", dtype: "float32", shape: ["N"] });
  const weighted = weight === undefined ? {} : { weight: "weight" };
  const name = loss.emit(emitter(b, "loss"), { output: info, target: "target", ...weighted });
  b.output({ name, dtype: "float32", shape: [] });
  const feeds = { output, target, ...(weight === undefined ? {} : { weight }) };
  const expected = Number(run(b.build(), feeds)[name]!.data[0]);
  for (const key of runtimes.keys()) {
    expect(Number((await runOnnx(b.build(), feeds, key))[name]!.data[0])).toBeCloseTo(expected, 5);
  }
  return expected;
}
