import { expect, test } from "vitest";
import { decodeSafetensors, encodeSafetensors } from "../graph/safetensors.ts";
import { f32 } from "../graph/tensor.ts";
import { memoryBlobStore } from "../testing/memory-blob-store.ts";
import { encodeGoldenExpected, encodeGoldenWindows, loadGolden } from "./golden.ts";
import type { Manifest } from "./manifest.ts";

const windows = f32([0, 100, 1, -50, -2, 25], [1, 3, 2]);

test("windows are kept to half a step of int16 a channel, and read as every gateway reads them", () => {
  const golden = encodeGoldenWindows(windows);
  for (const [index, value] of golden.windows.data.entries()) {
    const step = (index % 2 === 0 ? 2 : 100) / 32_767;
    expect(Math.abs(value - (windows.data[index] ?? 0))).toBeLessThanOrEqual(step / 2 + 1e-6);
  }
  const again = encodeGoldenWindows(golden.windows);
  expect(again.windows.data).toEqual(golden.windows.data);
});

test("a channel that is always zero stays zero", () => {
  expect(encodeGoldenWindows(f32([0, 0], [1, 2, 1])).windows.data).toEqual(new Float32Array(2));
});

test("NaN, infinities and other shapes are refused", () => {
  const refusal = expect.objectContaining({ code: "GOLDEN_INVALID" });
  expect(() => encodeGoldenWindows(f32([Number.NaN], [1, 1, 1]))).toThrow(refusal);
  expect(() => encodeGoldenWindows(f32([Number.POSITIVE_INFINITY], [1, 1, 1]))).toThrow(refusal);
  expect(() => encodeGoldenWindows(f32([1]))).toThrow(refusal);
  expect(() => encodeGoldenWindows(f32([], [0, 3, 1]))).toThrow(refusal);
});

test("golden windows and outputs load in the shapes that the manifest promises", async () => {
  const blobs = memoryBlobStore();
  const outputs = { float: f32([0.25, 0.75], [1, 2]), int8: f32([0.5, 0.5], [1, 2]) };
  const stored = encodeGoldenWindows(windows);
  const manifest = {
    classes: ["a", "b"],
    pipeline: { window: { rateHz: 1, lengthSamples: 3, hopSamples: 1 }, channels: [1, 2] },
    golden: {
      windows: await blobs.put(stored.bytes),
      expected: await blobs.put(encodeGoldenExpected(outputs)),
      count: 1,
    },
  } as unknown as Manifest;
  expect(await loadGolden(manifest, blobs)).toEqual({ windows: stored.windows, ...outputs });
  const more = { ...manifest, golden: { ...manifest.golden, count: 2 } };
  await expect(loadGolden(more, blobs)).rejects.toMatchObject({ code: "GOLDEN_INVALID" });
});

test("a file with other tensors is refused", async () => {
  const blobs = memoryBlobStore();
  const { bytes } = encodeGoldenWindows(windows);
  const without = new Map(decodeSafetensors(bytes));
  without.delete("scale");
  const golden = { windows: await blobs.put(encodeSafetensors(without)), count: 1 };
  await expect(loadGolden({ golden } as unknown as Manifest, blobs)).rejects.toMatchObject({
    code: "GOLDEN_INVALID",
  });
});
