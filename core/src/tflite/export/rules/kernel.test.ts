import { expect, test } from "vitest";
import type { Kernel2d } from "./kernel.ts";
import { dilationOptions, extentOf, isSame, strideOptions } from "./kernel.ts";

const kernel = (rest: Partial<Kernel2d>): Kernel2d => ({
  size: [3, 3],
  strides: [2, 2],
  dilations: [1, 1],
  padBegin: [0, 0],
  padEnd: [1, 1],
  from: [8, 8],
  to: [4, 4],
  ...rest,
});

test("SAME has the odd one of its padding behind the input", () => {
  // tf.nn.convolution, "SAME": 8 positions, stride 2, width 3: one pad in all.
  expect(isSame(kernel({}))).toBe(true);
  expect(isSame(kernel({ padBegin: [1, 1], padEnd: [0, 0] }))).toBe(false);
  expect(isSame(kernel({ padBegin: [1, 1], padEnd: [1, 1], strides: [1, 1], to: [8, 8] }))).toBe(
    true,
  );
  expect(isSame(kernel({ padEnd: [0, 0], to: [3, 3] }))).toBe(false);
});

test("a spread kernel reaches further; settings are height first", () => {
  const wide = kernel({ dilations: [2, 3], strides: [1, 2] });
  expect([extentOf(wide, 0), extentOf(wide, 1)]).toEqual([5, 7]);
  expect(dilationOptions(wide)).toEqual({ dilation_h_factor: 2, dilation_w_factor: 3 });
  expect(strideOptions(wide)).toEqual({ stride_h: 1, stride_w: 2 });
});
