import { expect, test } from "vitest";
import type { Attributes } from "../graph/builder.ts";
import { graphBuilder, ints, text } from "../graph/builder.ts";
import { emitter } from "./emitter.ts";
import { ruleContext } from "./rule.ts";
import { transposedWindowOf } from "./transposed-window.ts";

function padsOf(attributes: Attributes, size: number | string = 3) {
  const node = { name: "n", op: "ConvTranspose", inputs: ["x"], outputs: ["y"], attributes };
  const context = ruleContext({
    node,
    ups: [undefined],
    emit: emitter(graphBuilder("g"), "grad"),
    info: () => undefined,
    constant: () => undefined,
  });
  const { begins, ends } = transposedWindowOf(context, [4], [size]);
  return [...begins, ...ends];
}

// Hand computation: 3 elements at stride 2 with 4 taps write 2 * 2 + 4 = 8 positions.
test.for<[string, Attributes, readonly number[]]>([
  ["as they stand", { strides: ints([2]), pads: ints([1, 2]) }, [1, 2]],
  ["none when valid", { strides: ints([2]), auto_pad: text("VALID") }, [0, 0]],
  ["the larger half at the start", { strides: ints([2]), output_shape: ints([5]) }, [2, 1]],
  [
    "the larger half at the end",
    { strides: ints([2]), output_shape: ints([5]), auto_pad: text("SAME_UPPER") },
    [1, 2],
  ],
  ["twice the size", { strides: ints([2]), auto_pad: text("SAME_LOWER") }, [1, 1]],
])("pads are %s", ([, attributes, pads]) => {
  expect(padsOf(attributes)).toEqual(pads);
});

test("twice the size needs no size, a shape does", () => {
  expect(padsOf({ strides: ints([2]), auto_pad: text("SAME_UPPER") }, "T")).toEqual([1, 1]);
  expect(() => padsOf({ output_shape: ints([5]) }, "T")).toThrow("size T must be known");
});

test("an output that is longer than what is written is refused", () => {
  expect(() => padsOf({ strides: ints([2]), output_shape: ints([9]) })).toThrow(
    "an output longer than all that is written",
  );
});
