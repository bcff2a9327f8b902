import { expect, test } from "vitest";
import type { CaseTensor } from "../../../../test/tflite-case.ts";
import { caseOf, expectSame, modelOf, quantizedTo } from "../../../../test/tflite-case.ts";
import { fromTflite } from "../from-tflite.ts";

const list = (...data: readonly number[]): CaseTensor => ({
  type: "int32",
  shape: [data.length],
  data,
});
const tensors = [
  (shape: readonly number[]) => ({ shape }),
  (shape: readonly number[]) => quantizedTo(shape, 0.1, 3),
];

test("values are repeated along axes", async () => {
  for (const tensor of tensors) {
    const tiled = [tensor([2, 3]), list(2, 3)];
    await expectSame(caseOf({ op: "TILE", inputs: tiled, outputs: [tensor([4, 9])] }));
    const spread = [tensor([2, 1]), list(3, 2, 4)];
    await expectSame(
      caseOf({ op: "BROADCAST_TO", version: 2, inputs: spread, outputs: [tensor([3, 2, 4])] }),
    );
  }
});

test("channels become places, and places channels, by blocks", async () => {
  for (const tensor of tensors) {
    const options = { block_size: 2 };
    const [deep, wide] = [tensor([1, 2, 3, 8]), tensor([1, 4, 6, 2])];
    await expectSame(caseOf({ op: "DEPTH_TO_SPACE", options, inputs: [deep], outputs: [wide] }));
    await expectSame(caseOf({ op: "SPACE_TO_DEPTH", options, inputs: [wide], outputs: [deep] }));
  }
});

test("a block without places is refused", () => {
  const tensor = { shape: [1, 2, 2, 1] };
  const one = caseOf({ op: "SPACE_TO_DEPTH", inputs: [tensor], outputs: [tensor] });
  expect(() => fromTflite(modelOf(one))).toThrow("a block has at least one place");
});
