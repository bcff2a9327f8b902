import { f32, graphBuilder } from "@edgeloop/core/graph";
import { openSession } from "@edgeloop/core/runtime";
import { expect, test } from "vitest";
import { testContext } from "../testing.ts";
import { correctedMaker, makerOf } from "./quantize-maker.ts";
import { quantizeSettings } from "./quantize-options.ts";
import type { QuantizeTask } from "./quantize-task.ts";

function task(options: Record<string, string | boolean>): QuantizeTask {
  const b = graphBuilder("m");
  const x = b.input({ name: "x", dtype: "float32", shape: ["N", 1] });
  const inputs = [x, b.initializer("w", f32([1.3], [1, 1])), b.initializer("b", f32([0.5]))];
  b.add("Gemm", inputs, { name: "head", outputs: ["y"] });
  b.output({ name: "y", dtype: "float32", shape: ["N", 1] });
  const graph = b.build();
  const data = {
    batches: [{ x: f32([-1, 2, 3], [3, 1]) }],
    open: async (opened: typeof graph) => await openSession(opened, { backend: "wasm" }),
  };
  const exact = () => Promise.resolve({});
  return { graph, data, context: testContext(), settings: quantizeSettings(options), exact };
}

test.for([
  [{ dynamic: true }, "MatMulInteger", undefined],
  [{ weights: "int8" }, "DequantizeLinear", undefined],
  [{ calibration: "d", method: "minmax" }, "QuantizeLinear", { min: -1, max: 3 }],
] as const)("%j makes graphs with %s", async ([options, op, range]) => {
  const { make, ranges } = await makerOf(task(options), []);
  expect(make([]).nodes.map((node) => node.op)).toContain(op);
  expect(make(["head"]).nodes.map((node) => node.op)).toEqual(["Gemm"]);
  expect(ranges?.["x.observed"]).toEqual(range);
});

test("biases are corrected when asked, and only where ranges are fixed", async () => {
  const asked = task({ calibration: "d", correctBias: true });
  const plain = await makerOf(asked, []);
  const { corrected, make } = await correctedMaker(asked, plain, []);
  expect(corrected).toEqual({ corrected: ["head"], skipped: [] });
  expect(make([]).initializers.get("b.int32")?.dtype).toBe("int32");
  const notAsked = task({ calibration: "d" });
  expect(await correctedMaker(notAsked, plain, [])).toEqual({ make: plain.make });
});
