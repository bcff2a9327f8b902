import { expect, test } from "vitest";
import type { Case } from "../../../../test/tflite-case.ts";
import { caseOf, modelOf, quantizedTo } from "../../../../test/tflite-case.ts";
import { graphBuilder } from "../../graph/builder.ts";
import type { Site } from "./site.ts";
import { siteOf } from "./site.ts";

function siteFor(one: Case): Site {
  const [subgraph] = modelOf(one).subgraphs;
  const builder = graphBuilder("g");
  const names = new Map([
    ["0:raw:last", builder.input({ name: "x", dtype: "int8", shape: [1, 2, 2, 3] })],
  ]);
  return siteOf({ builder, subgraph: subgraph!, names }, subgraph!.operators[0]!, 7);
}

const bytes = quantizedTo([1, 2, 2, 3], 0.5, 1);
const relu = caseOf({ op: "RELU", inputs: [bytes], outputs: [bytes] });

test("a quantized value is read as real numbers, or as it is", () => {
  const site = siteFor(relu);
  expect(site.read(0, { layout: "last", raw: 0 })).toBe("x");
  expect(site.read(0)).toBe("t0.dequantized");
  expect(site.read(0)).toBe("t0.dequantized");
  expect(site.builder.build().nodes.map(({ op }) => op)).toEqual(["DequantizeLinear"]);
});

test("integers move as they are between equal scales, and from another layout once", () => {
  const site = siteFor(relu);
  expect(site.move([0], "first")).toEqual({ layout: "first", raw: 0 });
  const moved = site.read(0, { layout: "first", raw: 0 });
  expect(site.read(0, { layout: "first", raw: 0 })).toBe(moved);
  expect(site.follow([0])).toEqual({ layout: "first" });
  site.give(0, moved, { layout: "first", raw: 0 });
  expect(site.builder.build().nodes.map(({ op }) => op)).toEqual(["Transpose"]);
});

test("errors name the operator and its place", () => {
  const site = siteFor(relu);
  expect(site.refuse("no").message).toBe("RELU (operator 7): no");
  expect(() => site.number("alpha")).toThrow("RELU (operator 7): option alpha is missing");
  expect(() => site.tensor(3)).toThrow("input 3 is missing");
  expect([site.has(0), site.has(1)]).toEqual([true, false]);
});
