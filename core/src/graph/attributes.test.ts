import { expect, test } from "vitest";
import { floatOf, intOf, intsOf, tensorOf, textOf } from "./attributes.ts";
import { float, int, ints, text } from "./builder.ts";
import type { Attribute, Node } from "./graph.ts";
import { scalar } from "./tensor.ts";

const nodeWith = (attributes: Record<string, Attribute>): Node => ({
  name: "n",
  op: "Test",
  inputs: [],
  outputs: [],
  attributes,
});

test("a present attribute is read, an absent one falls back", () => {
  const value: Attribute = { kind: "tensor", value: scalar(1) };
  const node = nodeWith({ a: int(1), b: float(0.5), c: text("t"), d: ints([1, 2]), e: value });
  expect([intOf(node, "a", 9), floatOf(node, "b", 9), textOf(node, "c", "")]).toEqual([
    1,
    0.5,
    "t",
  ]);
  expect([intsOf(node, "d"), tensorOf(node, "e")]).toEqual([[1, 2], scalar(1)]);
  expect([intOf(node, "z", 9), intsOf(node, "z"), tensorOf(node, "z")]).toEqual([
    9,
    undefined,
    undefined,
  ]);
});

test("names of Object's own members are not attributes", () => {
  expect(intOf(nodeWith({}), "constructor", 7)).toBe(7);
});

test("an attribute of another kind is refused by name", () => {
  expect(() => intOf(nodeWith({ axis: float(1) }), "axis", 0)).toThrow("axis of n must be int");
});
