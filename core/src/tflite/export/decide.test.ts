import { expect, test } from "vitest";
import { graphBuilder } from "../../graph/builder.ts";
import type { Graph } from "../../graph/graph.ts";
import { scalar } from "../../graph/tensor.ts";
import { decide, readersOf } from "./decide.ts";
import { prepare } from "./prepare.ts";
import { startProgram } from "./program.ts";
import { rules } from "./rules.ts";
import { startValues } from "./values.ts";

/** x → (integers) → Add → Clip → (integers) → y; `zero` is the zero point of the result. */
function graphOf(options: {
  readonly zero: number;
  readonly cut?: readonly [number, number];
  readonly twice?: boolean;
}): Graph {
  const b = graphBuilder("d");
  b.input({ name: "x", dtype: "float32", shape: [2] });
  const pair = (value: string, scale: number, zero: number): string => {
    const names = [
      b.constant(scalar(scale)),
      b.constant({ dtype: "int8", shape: [], data: Int8Array.of(zero) }),
    ];
    return b.add("DequantizeLinear", [b.add("QuantizeLinear", [value, ...names]), ...names]);
  };
  const x = pair("x", 1, 0);
  let y = b.add("Add", [x, x], { name: "sum" });
  const { cut } = options;
  if (cut)
    y = b.add("Clip", [y, ...cut.map((bound) => b.constant(scalar(bound)))], { name: "cut" });
  if (options.twice) b.output({ name: y, dtype: "float32" });
  b.output({ name: pair(y, 0.1, options.zero), dtype: "float32" });
  return b.build();
}

function decision(graph: Graph) {
  const prepared = prepare(graph, 1);
  const values = startValues({ ...prepared, program: startProgram("d") });
  const node = prepared.graph.nodes.find(({ op }) => op === "Add")!;
  return decide(node, rules["Add"]!, { values, readers: readersOf(prepared.graph) });
}

test("between integers a node is int8; a result that is needed in float too leaves it in float", () => {
  expect(decision(graphOf({ zero: 0 }))).toMatchObject({ isInt8: true, activation: "NONE" });
  expect(decision(graphOf({ zero: 0, twice: true }))).toMatchObject({ isInt8: false });
});

test("a cut that the integers make anyway needs no activation, another becomes one where there is one", () => {
  // Zero point -128: nothing below 0 is held; 255 steps of 0.1 reach to 25.5.
  const free = decision(graphOf({ zero: -128, cut: [0, 26] }));
  expect(free).toMatchObject({ isInt8: true, activation: "NONE", results: ["cut"] });
  const relu6 = decision(graphOf({ zero: 0, cut: [0, 6] }));
  expect(relu6).toMatchObject({ isInt8: true, activation: "RELU6", results: ["cut"] });
  const none = decision(graphOf({ zero: 0, cut: [0.5, 6] }));
  expect(none).toMatchObject({ isInt8: false, activation: "NONE" });
});
