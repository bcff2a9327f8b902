import { expect, test } from "vitest";
import { caseOf, modelOf } from "../../../../test/tflite-case.ts";
import { fromTflite } from "../from-tflite.ts";

const shape = [1, 6, 5, 1];
const pool = (shapeSignature: readonly number[], options: object, result: readonly number[]) =>
  fromTflite(
    modelOf(
      caseOf({
        op: "MAX_POOL_2D",
        options: { filter_height: 3, filter_width: 2, stride_h: 2, stride_w: 1, ...options },
        inputs: [{ shape, shapeSignature }],
        outputs: [{ shape: result.map((dim) => Math.abs(dim)), shapeSignature: result }],
      }),
    ),
  ).nodes.find(({ op }) => op === "MaxPool")?.attributes;

test("padding is explicit, more after than before where it is odd", () => {
  // Height 6, window 3, stride 2: 3 positions need 7. Width: window 2 at stride 1 needs one more.
  expect(pool(shape, { padding: "SAME" }, [1, 3, 5, 1])?.["pads"]).toEqual({
    kind: "ints",
    value: [0, 0, 1, 1],
  });
  expect(pool(shape, { padding: "VALID" }, [1, 2, 4, 1])?.["pads"]).toEqual({
    kind: "ints",
    value: [0, 0, 0, 0],
  });
});

test("where the size is open, the runtime finds the padding, but for a stride of 1", () => {
  expect(pool([1, -1, 5, 1], { padding: "SAME" }, [1, -1, 5, 1])).toMatchObject({
    auto_pad: { value: "SAME_UPPER" },
  });
  expect(pool([1, 6, -1, 1], { padding: "SAME" }, [1, 3, -1, 1])).toMatchObject({
    pads: { value: [0, 0, 1, 1] },
  });
});
