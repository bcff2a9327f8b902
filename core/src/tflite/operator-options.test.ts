import { expect, test } from "vitest";
import { readFlat } from "./flat-reader.ts";
import { writeFlat } from "./flat-writer.ts";
import type { TfliteOptions } from "./model.ts";
import { readOptions, writeOptions } from "./operator-options.ts";

const again = (op: string, options: TfliteOptions): TfliteOptions =>
  readOptions(op, readFlat(writeFlat(writeOptions(op, options)?.fields ?? [], "TEST"), "TEST"));

test.for([
  ["MAX_POOL_2D", { padding: "VALID", filter_width: 3, fused_activation_function: "RELU6" }],
  ["SOFTMAX", { beta: 0.5 }],
  ["BATCH_MATMUL", { adj_x: true, adj_y: false }],
  ["RESHAPE", { new_shape: [-1, 4] }],
  ["BUCKETIZE", { boundaries: [0.5, 1] }],
  ["VAR_HANDLE", { container: "", shared_name: "state" }],
  ["RANDOM_UNIFORM", { seed: 2 ** 40, seed2: -1 }],
  ["CAST", { in_data_type: 9, out_data_type: 0 }],
] as const)("settings of %s survive writing and reading", ([op, options]) => {
  expect(again(op, options)).toMatchObject(options);
});

test("what is left out is the schema's default", () => {
  expect(again("CONV_2D", {})).toMatchObject({
    padding: "SAME",
    dilation_w_factor: 1,
    fused_activation_function: "NONE",
  });
  expect(readOptions("ADD", undefined)).toEqual({
    fused_activation_function: "NONE",
    pot_scale_int16: true,
  });
});

test("an operator without settings has none to write", () => {
  expect(writeOptions("RELU", {})).toBeUndefined();
});

test.for([
  ["RELU", { alpha: 1 }, "option alpha of RELU: it has no such option"],
  ["LEAKY_RELU", { alpha: "big" }, "option alpha of LEAKY_RELU: expected float"],
  ["CONV_2D", { padding: "FULL" }, "option padding of CONV_2D: expected Padding"],
  ["RESHAPE", { new_shape: 3 }, "option new_shape of RESHAPE: expected ints"],
] as const)("%s refuses %j", ([op, options, message]) => {
  expect(() => writeOptions(op, options)).toThrow(
    expect.objectContaining({ code: "TFLITE_INVALID", message }),
  );
});

test("a number that an enumeration has no name for is refused", () => {
  const bytes = writeFlat([{ kind: "number", type: "i8", value: 7 }], "TEST");
  expect(() => readOptions("MIRROR_PAD", readFlat(bytes, "TEST"))).toThrow(
    expect.objectContaining({
      code: "TFLITE_INVALID",
      message: "mode must be one of REFLECT, SYMMETRIC",
    }),
  );
});
