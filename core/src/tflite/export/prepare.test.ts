import { expect, test } from "vitest";
import { graphBuilder } from "../../graph/builder.ts";
import { prepare } from "./prepare.ts";

function double(shape: readonly (number | string)[]) {
  const b = graphBuilder("double");
  b.input({ name: "x", dtype: "float32", shape });
  b.add("Add", ["x", "x"], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32", shape });
  return b.build();
}

test("a named first axis gets the batch", () => {
  expect(prepare(double(["N", 3]), 4).known.get("y")?.shape).toEqual([4, 3]);
});

test("any other open size is refused by the value's name", () => {
  for (const shape of [
    ["N", "L"],
    [1, "L"],
  ]) {
    expect(() => prepare(double(shape), 1)).toThrow(
      expect.objectContaining({
        code: "TFLITE_UNSUPPORTED",
        message: expect.stringContaining('an open one in "x"'),
      }),
    );
  }
});
