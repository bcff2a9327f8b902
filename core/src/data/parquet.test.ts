import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeLabels, decodeRows, encodeLabels, encodeRows } from "./parquet.ts";

// That pandas 3.0.6 and pyarrow 25.0.1 read these files as datetime64[us, UTC] and float32 was checked by hand.

test("rows come back bit for bit", async () => {
  const time = fc.integer({ min: 0, max: 4e15 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(time, { maxLength: 30 }),
      fc.integer({ min: 1, max: 5 }),
      async (times, width) => {
        const channels = Array.from({ length: width }, (_, i) => `c${i}`);
        const timesUs = Float64Array.from(times);
        const data = Float32Array.from({ length: times.length * width }, (_, i) =>
          Math.fround(1 / (i + 3)),
        );
        expect(await decodeRows(encodeRows(channels, { timesUs, data }), channels)).toEqual({
          timesUs,
          data,
        });
      },
    ),
    { numRuns: 30 },
  );
});

test("more rows than a row group holds come back in order", async () => {
  const timesUs = Float64Array.from({ length: 250_000 }, (_, i) => i * 1000);
  const data = Float32Array.from(timesUs, (_, i) => i);
  const rows = await decodeRows(encodeRows(["x"], { timesUs, data }), ["x"]);
  expect(rows.timesUs.every((timeUs, i) => timeUs === i * 1000)).toBe(true);
  expect(rows.data.every((value, i) => value === i)).toBe(true);
});

test("labels come back, whatever their text", async () => {
  const labels = [
    {
      startUs: 1_700_000_000_000_001,
      endUs: 1_700_000_000_500_000,
      label: "<script>é😀",
      by: "anna",
    },
    { startUs: 0, endUs: 1, label: "", by: "" },
  ];
  expect(await decodeLabels(encodeLabels(labels))).toEqual(labels);
  expect(await decodeLabels(encodeLabels([]))).toEqual([]);
});

test("what is no Parquet, is cut off or lacks a column is refused", async () => {
  const whole = encodeRows(["x"], { timesUs: Float64Array.of(1), data: Float32Array.of(2) });
  const refusal = { code: "PARQUET_INVALID" };
  await expect(decodeRows(whole, ["y"])).rejects.toMatchObject(refusal);
  for (let length = 0; length < whole.length; length += 1) {
    await expect(decodeRows(whole.slice(0, length), ["x"])).rejects.toMatchObject(refusal);
  }
});
