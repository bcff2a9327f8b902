import { expect, test } from "vitest";
import { graphBuilder, int } from "../../graph/builder.ts";
import type { Graph } from "../../graph/graph.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { f32 } from "../../graph/tensor.ts";
import { adaptableLayers } from "./layer.ts";
import { requantized } from "./requantize.ts";

/** Two outputs of two inputs, int8 a channel of output, with a 32-bit bias. */
function model(weight: Tensor, zero?: Tensor, blockSize = 0): Graph {
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "float32", shape: ["N", 2] });
  const names = [
    b.initializer("w", weight),
    b.initializer("w.scale", f32([0.5, 0.25])),
    ...(zero === undefined ? [] : [b.initializer("w.zero", zero)]),
  ];
  const w = b.add("DequantizeLinear", names, {
    attributes: { axis: int(0), ...(blockSize === 0 ? {} : { block_size: int(blockSize) }) },
  });
  const integers = { dtype: "int32", shape: [2], data: Int32Array.of(1000, -600) } as const;
  const bias = b.add("DequantizeLinear", [
    b.initializer("b", integers),
    b.initializer("b.scale", f32([0.005, 0.0025])),
  ]);
  b.add("Gemm", [x, w, bias], { attributes: { transB: int(1) }, outputs: ["y"] });
  b.output({ name: "y", dtype: "float32", shape: ["N", 2] });
  return b.build();
}

const int8 = (...data: number[]): Tensor => ({
  dtype: "int8",
  shape: [2, 2],
  data: Int8Array.from(data),
});
const change = Float64Array.of(0, 63.5, 0, 0);
const apply = (graph: Graph) => {
  const [layer] = adaptableLayers(graph);
  if (layer === undefined) throw new TypeError("the graph has a layer");
  return requantized(graph, layer, change);
};

// Hand computation: row 0 becomes 50 and 127, so its scale doubles to 1 and its bias of 5 is 500 units of 0.01.
test("scales follow the largest weight, and biases count in units of them", () => {
  const found = apply(model(int8(100, 127, -127, 64)));
  expect([...found.keys()]).toEqual(["w", "w.scale", "b", "b.scale"]);
  expect(found.get("w")?.data).toEqual(Int8Array.of(50, 127, -127, 64));
  expect(found.get("w.scale")?.data).toEqual(Float32Array.of(1, 0.25));
  expect(found.get("b")?.data).toEqual(Int32Array.of(500, -600));
  expect(found.get("b.scale")?.data).toEqual(Float32Array.of(0.01, 0.0025));
});

// Hand computation: (228 - 128) / 2 = 50 and (255 - 128) / 2 + 63.5 = 127, around the same 128.
test("a zero point stays", () => {
  const zero: Tensor = { dtype: "uint8", shape: [2], data: Uint8Array.of(128, 128) };
  const weight: Tensor = { dtype: "uint8", shape: [2, 2], data: Uint8Array.of(228, 255, 0, 192) };
  const found = apply(model(weight, zero));
  expect(found.get("w")?.data).toEqual(Uint8Array.of(178, 255, 0, 192));
});

test("blocks and other integers are refused", () => {
  const int16: Tensor = { dtype: "int16", shape: [2, 2], data: Int16Array.of(1, 2, 3, 4) };
  for (const graph of [model(int8(1, 2, 3, 4), undefined, 2), model(int16)]) {
    expect(() => apply(graph)).toThrow(
      expect.objectContaining({
        code: "ADAPTER_INVALID",
        message: expect.stringContaining('"w" cannot be rounded anew'),
      }),
    );
  }
});
