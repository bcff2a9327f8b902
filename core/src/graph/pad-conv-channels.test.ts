import { expect, test } from "vitest";
import { runGraph } from "../../../test/run-graph.ts";
import { graphBuilder, int, ints } from "./builder.ts";
import type { Graph } from "./graph.ts";
import { padConvChannels } from "./pad-conv-channels.ts";
import { f32 } from "./tensor.ts";

/** A convolution whose weights are an initialiser or come as an input. */
function convolution(
  { from, to, group = 1 }: { readonly from: number; readonly to: number; readonly group?: number },
  isFed = false,
): Graph {
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "float32", shape: ["N", from, 5] });
  const shape = [to, from / group, 3];
  const values = Float32Array.from({ length: to * (from / group) * 3 }, (_, at) => Math.sin(at));
  const w = isFed
    ? b.input({ name: "w", dtype: "float32", shape })
    : b.initializer("w", f32(values, shape));
  b.add("Conv", [x, w], {
    attributes: { pads: ints([1, 1]), group: int(group) },
    outputs: ["y"],
  });
  b.output({ name: "y", dtype: "float32", shape: ["N", to, 5] });
  return b.build();
}

// The numbers that were measured to be wrong on WebGPU, and neighbours that were right.
test.for([6, 9, 15, 18, 21])(
  "%i channels become a multiple of four, the results stay",
  async (from) => {
    const graph = convolution({ from, to: 4 });
    const padded = padConvChannels(graph);
    expect(padded.nodes.map(({ op }) => op)).toEqual(["Pad", "Pad", "Conv"]);
    const x = f32(
      Float32Array.from({ length: 2 * from * 5 }, (_, at) => Math.cos(at)),
      [2, from, 5],
    );
    const [expected, actual] = [await runGraph(graph, { x }), await runGraph(padded, { x })];
    const numbers = [...(actual["y"]?.data ?? [])].map(Number);
    expect(numbers).toHaveLength(2 * 4 * 5);
    for (const [at, value] of numbers.entries()) {
      expect(value).toBeCloseTo(Number(expected["y"]?.data[at]), 5);
    }
  },
);

test("weights that are fed are padded in the graph", () => {
  const { nodes, inputs } = padConvChannels(convolution({ from: 6, to: 4 }, true));
  expect(nodes.map(({ op, inputs: read }) => [op, read[0]])).toEqual([
    ["Pad", "x"],
    ["Pad", "w"],
    ["Conv", "x.padded"],
  ]);
  expect(inputs.map(({ name }) => name)).toEqual(["x", "w"]);
});
