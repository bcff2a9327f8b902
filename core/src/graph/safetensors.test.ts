import fc from "fast-check";
import { expect, test } from "vitest";
import { utf8 } from "../platform/bytes.ts";
import { codeOf, EdgeloopError } from "../platform/errors.ts";
import { zeros } from "./dtypes.ts";
import { decodeSafetensors, encodeSafetensors, safetensorsMetadata } from "./safetensors.ts";
import type { Tensor } from "./tensor.ts";
import { f32, i64, scalar } from "./tensor.ts";

const sample = new Map<string, Tensor>([
  ["bias", zeros("int8", [3])],
  ["__proto__", f32([1, -0, Number.NaN], [3])],
  ["step", i64([7], [])],
  ["empty", f32([], [0, 4])],
]);

function codeOfReading(bytes: Uint8Array): string {
  try {
    decodeSafetensors(bytes);
    return "";
  } catch (error) {
    expect(error).toBeInstanceOf(EdgeloopError);
    return codeOf(error);
  }
}

const fileOf = (header: string, body = 0): Uint8Array => {
  const json = utf8(header);
  const file = new Uint8Array(8 + json.length + body);
  new DataView(file.buffer).setBigUint64(0, BigInt(json.length), true);
  file.set(json, 8);
  return file;
};

test("what is written is read back, whatever the order of the map", () => {
  const bytes = encodeSafetensors(sample, { format: "1" });
  expect(new Map([...decodeSafetensors(bytes)].sort())).toEqual(new Map([...sample].sort()));
  expect(safetensorsMetadata(bytes)).toEqual({ format: "1" });
  expect(encodeSafetensors(new Map([...sample].reverse()), { format: "1" })).toEqual(bytes);
});

// The example of the format's README: {"TENSOR_NAME":{"dtype":"F16","shape":[1,16,256],"data_offsets":[BEGIN, END]}}.
test("a file of another writer is read", () => {
  const file = fileOf('{"t":{"dtype":"F16","shape":[1,16,256],"data_offsets":[0,8192]}}', 8192);
  expect(decodeSafetensors(file).get("t")?.shape).toEqual([1, 16, 256]);
});

test.for([
  ["no header", new Uint8Array(7)],
  ["a header longer than the file", Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255, 1)],
  ["not JSON", fileOf("{")],
  ["not an object", fileOf("[]")],
  ["a hole", fileOf('{"t":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}', 2)],
  ["bytes nobody owns", fileOf('{"t":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', 2)],
  ["offsets backwards", fileOf('{"t":{"dtype":"U8","shape":[1],"data_offsets":[1,0]}}', 1)],
  ["a size beyond the file", fileOf('{"t":{"dtype":"U8","shape":[9],"data_offsets":[0,9]}}', 1)],
  ["a shape that lies", fileOf('{"t":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}', 4)],
  ["negative dims", fileOf('{"t":{"dtype":"U8","shape":[-1,-1],"data_offsets":[0,1]}}', 1)],
] as const)("%s is refused", ([, bytes]) => {
  expect(codeOfReading(bytes)).toBe("SAFETENSORS_INVALID");
});

test("unknown dtypes and text are refused by their own code", () => {
  expect(codeOfReading(fileOf('{"t":{"dtype":"BF16","shape":[0],"data_offsets":[0,0]}}'))).toBe(
    "SAFETENSORS_UNSUPPORTED",
  );
  const texts: Tensor = { dtype: "string", shape: [1], data: ["a"] };
  expect(() => encodeSafetensors(new Map([["t", texts]]))).toThrow("no such name or dtype");
  expect(() => encodeSafetensors(new Map([["__metadata__", scalar(1)]]))).toThrow();
});

test("every cut is refused, every flipped byte is read or refused by code", () => {
  const bytes = encodeSafetensors(sample);
  for (let length = 0; length < bytes.length; length += 1) {
    expect(codeOfReading(bytes.subarray(0, length))).not.toBe("");
  }
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, value) => {
      codeOfReading(bytes.with(at, value));
    }),
  );
});
