import { expect, test } from "vitest";
import { valueInfo } from "./value-info.ts";

test("unnamed dimensions become a question mark, rank 0 an absent shape", () => {
  expect(valueInfo("x", "float32", ["N", 3, -1, ""])).toEqual({
    name: "x",
    dtype: "float32",
    shape: ["N", 3, "?", "?"],
  });
  expect(valueInfo("x", "int64", [])).toEqual({ name: "x", dtype: "int64" });
});

test.for(["string", "int4", "uint4", undefined] as const)("%s is refused", (dtype) => {
  expect(() => valueInfo("x", dtype, [1])).toThrow(
    expect.objectContaining({ code: "MODEL_UNSUPPORTED" }),
  );
});
