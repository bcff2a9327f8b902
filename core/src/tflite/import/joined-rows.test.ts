import { expect, test } from "vitest";
import type { CaseTensor } from "../../../../test/tflite-case.ts";
import { caseOf, modelOf, weightsOf } from "../../../../test/tflite-case.ts";
import { graphBuilder } from "../../graph/builder.ts";
import type { Graph } from "../../graph/graph.ts";
import { joinedRows } from "./joined-rows.ts";
import { siteOf } from "./site.ts";

function join(inputs: readonly CaseTensor[], order: readonly number[]): Graph {
  const [subgraph] = modelOf(caseOf({ op: "ADD", inputs, outputs: [{ shape: [1] }] })).subgraphs;
  const builder = graphBuilder("g");
  const site = siteOf(
    { builder, subgraph: subgraph!, names: new Map() },
    subgraph!.operators[0]!,
    0,
  );
  joinedRows(site, [0, 1], order);
  return builder.build();
}

const floats = (...data: readonly number[]): CaseTensor => ({ shape: [1, data.length], data });

test("rows stand below each other, or beside each other where axes are turned", () => {
  expect(join([floats(1, 2), floats(3, 4)], [0, 1]).initializers.get("t0")?.data).toEqual(
    Float32Array.of(1, 2, 3, 4),
  );
  expect(join([floats(1, 2), floats(3, 4)], [1, 0]).initializers.get("t0")?.data).toEqual(
    Float32Array.of(1, 3, 2, 4),
  );
});

test("each row keeps its scale", () => {
  const one = { scales: [0.5], zeroPoints: [0], axis: 0 };
  const rows = weightsOf([2, 3], 0, 1);
  const graph = join([{ ...rows, quantization: one }, rows], [1, 0]);
  expect(graph.initializers.get("t0.scale")?.data).toEqual(
    Float32Array.of(0.5, 0.5, ...(rows.quantization?.scales ?? [])),
  );
  expect(graph.nodes[0]?.attributes["axis"]).toEqual({ kind: "int", value: 1 });
});

test.for([
  ["weights must be constants", [{ shape: [1, 2] }, floats(1, 2)]],
  ["must have one type and shape", [floats(1, 2), floats(1, 2, 3)]],
  ["one scale, or one a row", [weightsOf([2, 3], 1, 1), weightsOf([2, 3], 1, 1)]],
] as const)("%s", ([message, inputs]) => {
  expect(() => join(inputs, [0, 1])).toThrow(message);
});
