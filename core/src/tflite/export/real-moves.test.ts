import { expect, test } from "vitest";
import { runGraph } from "../../../../test/run-graph.ts";
import { graphBuilder, ints } from "../../graph/builder.ts";
import type { Graph } from "../../graph/graph.ts";
import { inferContents } from "../../graph/infer.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { f32, i64, scalar } from "../../graph/tensor.ts";
import { realMoves } from "./real-moves.ts";

const zero: Tensor = { dtype: "int8", shape: [], data: Int8Array.of(3) };

/** A rounding, moves of its integers, and real numbers again. */
function moved(pad?: Tensor): Graph {
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "float32", shape: [2, 3] });
  const scale = [b.constant(scalar(0.5), "scale"), b.constant(zero, "zero")];
  const integers = b.add("QuantizeLinear", [x, ...scale]);
  const turned = b.add("Transpose", [integers], { attributes: { perm: ints([1, 0]) } });
  const value = pad === undefined ? scale[1]! : b.constant(pad, "value");
  const padded = b.add("Pad", [turned, b.constant(i64([0, 1, 0, 0])), value]);
  const joined = b.add("Concat", [padded, padded], {
    attributes: { axis: { kind: "int", value: 0 } },
  });
  b.add("DequantizeLinear", [joined, ...scale], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32", shape: [6, 3] });
  return b.build();
}

const real = (graph: Graph): Graph => realMoves(graph, inferContents(graph));
const operators = (graph: Graph): string => graph.nodes.map(({ op }) => op[0]).join("");

test("moves stand between the nodes that say what integers mean, and give the same", async () => {
  const graph = moved();
  expect(operators(graph)).toBe("QTPCD");
  expect(operators(real(graph))).toBe("QDTQDPQDDCQD");
  const feeds = { x: f32([1, 2, 3, -4, 5, -0.5], [2, 3]) };
  expect(await runGraph(real(graph), feeds)).toEqual(await runGraph(graph, feeds));
});

test("a pad with another number is none of 0, and stays", () => {
  const graph = real(moved({ dtype: "int8", shape: [], data: Int8Array.of(9) }));
  expect(operators(graph)).toBe("QDTQPDDCQD");
});

test("a scale is found before and after the moves, and integers without one stay", () => {
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "int8", shape: [4] });
  const turned = b.add("Reshape", [x, b.constant(i64([2, 2]))]);
  b.output({ name: turned, dtype: "int8", shape: [2, 2] });
  expect(operators(real(b.build()))).toBe("R");
  const scale = [b.constant(scalar(0.5)), b.constant(zero)];
  b.output({ name: b.add("DequantizeLinear", [turned, ...scale]), dtype: "float32" });
  expect(operators(real(b.build()))).toBe("DRQD");
});
