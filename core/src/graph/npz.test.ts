import { readFileSync } from "node:fs";
import fc from "fast-check";
import { strToU8, zipSync } from "fflate";
import { expect, test } from "vitest";
import { codeOf, EdgeloopError } from "../platform/errors.ts";
import { npzInflatedBytesMax } from "../platform/limits.ts";
import { encodeNpy } from "./npy.ts";
import { decodeNpz, encodeNpz } from "./npz.ts";
import type { Tensor } from "./tensor.ts";
import { f32, i64, scalar } from "./tensor.ts";

const fixture = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../../../test/fixtures/graph/${name}`, import.meta.url)));

const sample = new Map<string, Tensor>([
  ["layer/w", f32([1, -0, Number.NaN], [3])],
  ["__proto__", i64([7], [])],
]);

const codeOfReading = (bytes: Uint8Array): string => {
  try {
    decodeNpz(bytes);
    return "";
  } catch (error) {
    expect(error).toBeInstanceOf(EdgeloopError);
    return codeOf(error);
  }
};

test("what is written is read back, and the order of the map does not show", () => {
  const bytes = encodeNpz(sample);
  expect(decodeNpz(bytes)).toEqual(new Map([...sample].toSorted()));
  expect(encodeNpz(new Map([...sample].reverse()))).toEqual(bytes);
  expect(decodeNpz(encodeNpz(new Map()))).toEqual(new Map());
});

// The numbers are numpy's (fixtures/graph/make-numpy.py): k·7, from -20 for signed kinds.
test.for(["numpy.npz", "numpy-stored.npz"])("%s of numpy is read", (name) => {
  const tensors = decodeNpz(fixture(name));
  const numbersOf = (key: string): number[] =>
    Array.from<number | bigint, number>(
      (tensors.get(key)?.data ?? []) as ArrayLike<number>,
      Number,
    );
  for (const kind of ["f4", "f8", "i1", "i2", "i4", "i8"]) {
    expect(numbersOf(kind)).toEqual([-20, -13, -6, 1, 8, 15]);
  }
  for (const kind of ["u1", "u2", "u4", "u8"])
    expect(numbersOf(kind)).toEqual([0, 7, 14, 21, 28, 35]);
  // IEEE 754 binary16 of -20 and 15.
  expect(numbersOf("f2").filter((_, at) => at === 0 || at === 5)).toEqual([0xcd00, 0x4b80]);
  expect(tensors.get("bool")).toEqual({
    dtype: "bool",
    shape: [3],
    data: Uint8Array.of(1, 0, 1),
  });
  expect(tensors.get("scalar")).toEqual(scalar(2.5));
  expect(tensors.get("empty")?.shape).toEqual([0, 4]);
  expect(tensors.get("fortran")).toEqual({
    dtype: "int32",
    shape: [2, 3, 4],
    data: Int32Array.from({ length: 24 }, (_, i) => i),
  });
  expect(tensors.get("größe/x.w")).toEqual(f32([1]));
});

/** Finds the directory's record of the first entry and writes over two of its fields. */
function claiming(bytes: Uint8Array, packed: number, unpacked: number): Uint8Array {
  const lying = Uint8Array.from(bytes);
  const view = new DataView(lying.buffer);
  let at = lying.length - 22;
  while (view.getUint32(at, true) !== 0x02014b50) at -= 1;
  view.setUint32(at + 20, packed, true);
  view.setUint32(at + 24, unpacked, true);
  return lying;
}

const small = encodeNpz(new Map([["w", f32([1, 2])]]));
const deflated = zipSync({ "w.npy": encodeNpy(f32(new Float32Array(4096))) }, { level: 9 });

test.for([
  ["no bytes", Uint8Array.of()],
  ["no zip", strToU8("a text that is long enough to look for a directory in it")],
  ["a stored entry of 4 GB", claiming(small, 0xffff_fff0, 0xffff_fff0)],
  ["a stored entry that grows", claiming(small, 136, 0x4000_0000)],
  ["a deflated entry of 4 GB", claiming(deflated, 100, 0xffff_fff0)],
  ["a deflated entry that is longer than it says", claiming(deflated, 100, 64)],
  ["an entry that is no array", zipSync({ "readme.txt": strToU8("x") })],
] as const)("%s is refused before it takes memory", ([, bytes]) => {
  const before = process.memoryUsage().arrayBuffers;
  expect(codeOfReading(bytes)).toMatch(/^NP[YZ]_INVALID$/);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024);
});

test("a bomb whose claims are true is refused by its size", () => {
  // 0x40_0000 packed bytes could hold four gigabytes; the file is as long as it says.
  const packed = 0x40_0000;
  const bytes = zipSync({ "w.npy": [new Uint8Array(packed), { level: 0 }] });
  const bomb = claiming(bytes, packed, npzInflatedBytesMax + 1);
  const view = new DataView(bomb.buffer);
  let at = bomb.length - 22;
  while (view.getUint32(at, true) !== 0x02014b50) at -= 1;
  view.setUint16(at + 10, 8, true);
  expect(codeOfReading(bomb)).toBe("NPZ_TOO_LARGE");
});

test("an entry that is damaged is named", () => {
  const bytes = zipSync({ "w.npy": strToU8("no array") });
  expect(() => decodeNpz(bytes)).toThrow(/^w\.npy: /);
});

test("every cut and every flipped byte is read or refused by code", () => {
  const bytes = fixture("numpy.npz");
  const cut = fc.nat(bytes.length - 1);
  fc.assert(fc.property(cut, (length) => codeOfReading(bytes.subarray(0, length)) !== ""));
  fc.assert(
    fc.property(cut, fc.nat(255), (at, value) => {
      codeOfReading(bytes.with(at, value));
    }),
    { numRuns: 300 },
  );
});
