import { expect, test } from "vitest";
import { flatScalars } from "./flat-scalar.ts";

test("each number type keeps its least and largest value, little-endian", () => {
  const ranges = {
    i8: [-128, 127],
    u8: [0, 255],
    i16: [-32_768, 32_767],
    u16: [0, 65_535],
    i32: [-(2 ** 31), 2 ** 31 - 1],
    u32: [0, 2 ** 32 - 1],
    i64: [-(2 ** 53), 2 ** 53 - 1],
    u64: [0, 2 ** 53 - 1],
    f32: [-0.5, 2 ** 127],
  } as const;
  const view = new DataView(new ArrayBuffer(8));
  for (const [type, values] of Object.entries(ranges)) {
    for (const value of values) {
      const row = flatScalars[type as keyof typeof ranges];
      row.write(view, 0, value);
      expect(row.read(view, 0), type).toBe(value);
    }
  }
  flatScalars.u16.write(view, 0, 0x0102);
  expect([view.getUint8(0), view.getUint8(1)]).toEqual([2, 1]);
});
