import { expect, test } from "vitest";
import { concatBytes, utf8 } from "../platform/bytes.ts";
import { codeOf, EdgeloopError } from "../platform/errors.ts";
import { dtypes, zeros } from "./dtypes.ts";
import { decodeNpy, encodeNpy, npyMagic } from "./npy.ts";
import type { Tensor } from "./tensor.ts";
import { f32, i64, scalar } from "./tensor.ts";

const fileOf = (header: string, body: readonly number[] = [], major = 1): Uint8Array => {
  const length = major === 1 ? [header.length & 255, header.length >> 8] : [header.length, 0, 0, 0];
  return concatBytes([
    Uint8Array.of(...npyMagic, major, 0, ...length),
    utf8(header),
    Uint8Array.from(body),
  ]);
};

const headerOf = (descr: string, shape: string, order = "False"): string =>
  `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }`;

const codeOfReading = (bytes: Uint8Array): string => {
  try {
    decodeNpy(bytes);
    return "";
  } catch (error) {
    expect(error).toBeInstanceOf(EdgeloopError);
    return codeOf(error);
  }
};

test("every dtype that numpy has is written and read back", () => {
  for (const [dtype, { numpy }] of Object.entries(dtypes)) {
    if (numpy === undefined) continue;
    const tensor = zeros(dtype as Exclude<Tensor["dtype"], "string">, [2, 3]);
    expect(decodeNpy(encodeNpy(tensor))).toEqual(tensor);
  }
  for (const tensor of [scalar(-0), i64([-(2 ** 53)]), f32([], [0, 4]), f32([Number.NaN], [1])]) {
    expect(decodeNpy(encodeNpy(tensor))).toEqual(tensor);
  }
});

// numpy: np.save of np.float32([1, 2]) starts so; the data stands at a multiple of 64 bytes.
test("the bytes are numpy's", () => {
  const bytes = encodeNpy(f32([1, 2]));
  const head =
    "\\x93NUMPY\\x01\\x00v\\x00{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";
  const text = [...bytes.subarray(0, 128)].map((byte) =>
    byte > 31 && byte < 127
      ? String.fromCharCode(byte)
      : `\\x${byte.toString(16).padStart(2, "0")}`,
  );
  expect(text.join("")).toBe(`${head}${" ".repeat(128 - 10 - 57 - 1)}\\x0a`);
  expect(bytes.length).toBe(128 + 8);
});

test("Fortran order and the versions with wide headers are read", () => {
  const header = headerOf("|i1", "(2, 3)", "True");
  expect(decodeNpy(fileOf(header, [0, 3, 1, 4, 2, 5]))).toEqual({
    dtype: "int8",
    shape: [2, 3],
    data: Int8Array.of(0, 1, 2, 3, 4, 5),
  });
  for (const major of [2, 3]) {
    expect(decodeNpy(fileOf(headerOf("<i2", "()"), [1, 2], major)).data).toEqual(
      Int16Array.of(0x0201),
    );
  }
});

test.for([
  ["no bytes", Uint8Array.of()],
  ["another format", utf8("{ this is no array }")],
  ["a header longer than the file", fileOf(headerOf("<f4", "(1,)")).subarray(0, 30)],
  ["a size beyond the file", fileOf(headerOf("<f4", "(2000000000,)"), [0, 0, 0, 0])],
  ["a size that overflows", fileOf(headerOf("<f4", "(4294967296, 4294967296)"))],
  ["bytes nobody owns", fileOf(headerOf("|u1", "(1,)"), [1, 2])],
  ["a header that is not text", fileOf(headerOf("|u1", "(1,)"), [1]).with(12, 255)],
] as const)("%s is refused", ([, bytes]) => {
  expect(codeOfReading(bytes)).toBe("NPY_INVALID");
});

test.for([">f4", "<c8", "|O", "<U4", "<M8[us]", ""])("dtype %s is refused by name", (descr) => {
  expect(codeOfReading(fileOf(headerOf(descr, "(0,)")))).toBe("NPY_UNSUPPORTED");
});

test("a version to come, text and 4-bit tensors are refused by their own code", () => {
  expect(codeOfReading(fileOf(headerOf("<f4", "(0,)")).with(6, 4))).toBe("NPY_UNSUPPORTED");
  expect(() => encodeNpy({ dtype: "string", shape: [1], data: ["a"] })).toThrow("no such dtype");
  expect(() => encodeNpy(zeros("int4", [2]))).toThrow("no such dtype");
});
