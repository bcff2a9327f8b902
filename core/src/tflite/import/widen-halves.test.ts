import { expect, test } from "vitest";
import { bytesOf } from "../../platform/bytes.ts";
import { fromTflite } from "../from-tflite.ts";
import type { TfliteModel, TfliteTensor } from "../model.ts";
import { widenHalves } from "./widen-halves.ts";

const tensor = (name: string, shape: readonly number[]): TfliteTensor => ({
  name,
  type: "float32",
  shape,
  isVariable: false,
});
/** Bits of 1, -2, the largest, the smallest above 0, a zero, infinity and no number, after IEEE 754-2019 table 3.5. */
const bits = Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0001, 0x8000, 0x7c00, 0x7e00, 0x3555);
const values = [1, -2, 65_504, 2 ** -24, -0, Number.POSITIVE_INFINITY, Number.NaN, 0.333251953125];

const model: TfliteModel = {
  description: "",
  subgraphs: [
    {
      name: "",
      tensors: [
        tensor("x", [1, 8]),
        { ...tensor("half", [1, 8]), type: "float16", data: bytesOf(bits) },
        tensor("w", [1, 8]),
        tensor("y", [1, 1]),
      ],
      inputs: [0],
      outputs: [3],
      operators: [
        { op: "DEQUANTIZE", version: 1, inputs: [1], outputs: [2], options: {} },
        { op: "FULLY_CONNECTED", version: 1, inputs: [0, 2, -1], outputs: [3], options: {} },
      ],
    },
  ],
  metadata: [],
  signatures: [],
};

test("weights of float16 become weights like others", () => {
  const graph = fromTflite(model);
  expect(graph.nodes.map(({ op }) => op)).toEqual(["Gemm"]);
  expect([...(graph.initializers.get("w")?.data ?? [])]).toEqual(values);
});

test("what is computed, and other constants, stay", () => {
  const [subgraph] = model.subgraphs;
  const computed = { ...subgraph!, tensors: subgraph!.tensors.with(1, tensor("half", [1, 8])) };
  expect(widenHalves(computed)).toEqual(computed);
});
