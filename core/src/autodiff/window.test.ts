import { expect, test } from "vitest";
import { graphBuilder, ints, text } from "../graph/builder.ts";
import type { Attribute } from "../graph/graph.ts";
import { emitter } from "./emitter.ts";
import type { RuleContext } from "./rule.ts";
import { ruleContext } from "./rule.ts";
import { tapsOf, unreached, windowOf } from "./window.ts";

const context = (attributes: Readonly<Record<string, Attribute>>): RuleContext =>
  ruleContext({
    node: { name: "n", op: "Conv", inputs: [], outputs: [], attributes },
    ups: [],
    emit: emitter(graphBuilder("g"), "grad"),
    info: () => undefined,
    constant: () => undefined,
  });

// ONNX Conv specification: output size ceil(size / stride), the odd element at the end for SAME_UPPER.
test("automatic padding is what the specification says", () => {
  const at = (value: string) =>
    windowOf(context({ auto_pad: text(value), strides: ints([2]) }), [3], [6]);
  expect(at("SAME_UPPER")).toMatchObject({ begins: [0], ends: [1] });
  expect(at("SAME_LOWER")).toMatchObject({ begins: [1], ends: [0] });
  expect(at("VALID")).toMatchObject({ begins: [0], ends: [0] });
});

test("padding defaults to none, strides and dilations to 1", () => {
  expect(windowOf(context({}), [3, 2], ["T", "U"])).toEqual({
    kernel: [3, 2],
    strides: [1, 1],
    dilations: [1, 1],
    begins: [0, 0],
    ends: [0, 0],
  });
});

test("automatic padding of a size that is not known is refused", () => {
  expect(() => windowOf(context({ auto_pad: text("SAME_UPPER") }), [3], ["T"])).toThrow(
    "must be known",
  );
});

// Hand computation: windows of 3 at 0, 2 and 4 reach index 6 of 8.
test("the elements that no window reaches are counted", () => {
  const c = context({ strides: ints([2]) });
  expect(unreached(c, windowOf(c, [3], [8]), [8])).toEqual([1]);
});

test("taps are row-major", () => {
  expect(tapsOf([2, 2])).toEqual([
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ]);
});
