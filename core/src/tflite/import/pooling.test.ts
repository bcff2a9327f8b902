import fc from "fast-check";
import { test } from "vitest";
import { caseOf, expectSame, quantizedTo } from "../../../../test/tflite-case.ts";

const small = fc.integer({ min: 1, max: 3 });

test("pooling is the same in real numbers and integers, with any padding", async () => {
  const property = fc.asyncProperty(
    fc.constantFrom("AVERAGE_POOL_2D", "MAX_POOL_2D"),
    fc.record({
      padding: fc.constantFrom("SAME", "VALID"),
      fused_activation_function: fc.constantFrom("NONE", "RELU"),
      stride_h: small,
      stride_w: small,
      filter_height: small,
      filter_width: small,
    }),
    fc.constantFrom(undefined, "int8", "uint8"),
    fc.nat(),
    async (op, options, type, seed) => {
      const out = (size: number, kernel: number, stride: number): number =>
        options.padding === "SAME"
          ? Math.ceil(size / stride)
          : Math.floor((size - kernel) / stride) + 1;
      const shape = [
        1,
        out(7, options.filter_height, options.stride_h),
        out(6, options.filter_width, options.stride_w),
        3,
      ];
      // Kernels take one scale for both.
      const tensor = (of: number[]) => (type ? quantizedTo(of, 0.05, 4, type) : { shape: of });
      const inputs = [tensor([1, 7, 6, 3])];
      await expectSame(caseOf({ op, version: 2, options, inputs, outputs: [tensor(shape)] }), seed);
    },
  );
  await fc.assert(property, { numRuns: 25 });
});
