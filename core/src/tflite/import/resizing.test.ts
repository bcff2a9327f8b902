import fc from "fast-check";
import { expect, test } from "vitest";
import { caseOf, expectSame, modelOf, quantizedTo } from "../../../../test/tflite-case.ts";
import { fromTflite } from "../from-tflite.ts";

const side = fc.integer({ min: 1, max: 9 });
const aligned = fc.constantFrom([false, false], [true, false], [false, true]);
const operator = fc.constantFrom("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR");
const size = (data: readonly number[]) => ({ type: "int32", shape: [data.length], data }) as const;

test("images of any size to any size, by all rules", async () => {
  const property = fc.asyncProperty(
    operator,
    fc.tuple(side, side, side, side),
    aligned,
    fc.boolean(),
    async (
      op,
      [height, width, toHeight, toWidth],
      [align_corners = false, half_pixel_centers = false],
      isInteger,
    ) => {
      const tensor = (shape: number[]) => (isInteger ? quantizedTo(shape, 0.1, 3) : { shape });
      const one = caseOf({
        op,
        version: 3,
        options: { align_corners, half_pixel_centers },
        inputs: [tensor([1, height, width, 2]), size([toHeight, toWidth])],
        outputs: [tensor([1, toHeight, toWidth, 2])],
      });
      await expectSame(one);
    },
  );
  await fc.assert(property, { numRuns: 40 });
});

test.for([
  [[4, 4], { align_corners: true, half_pixel_centers: true }, "corners or centres"],
  [[4], {}, "a height and a width"],
  [[0, 4], {}, "a height and a width"],
] as const)("a size of %j with %j is refused", ([to, options, message]) => {
  const inputs = [{ shape: [1, 2, 2, 1] }, size(to)];
  const outputs = [{ shape: [1, 4, 4, 1] }];
  const one = caseOf({ op: "RESIZE_BILINEAR", options, inputs, outputs });
  expect(() => fromTflite(modelOf(one))).toThrow(
    expect.objectContaining({ code: "TFLITE_INVALID", message: expect.stringContaining(message) }),
  );
});
