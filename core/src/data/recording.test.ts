import { expect, test } from "vitest";
import { parseRecording } from "./recording.ts";

const sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const part = { file: "part-00000.parquet", sha256, bytes: 3, rows: 1 };
const good = {
  format: 1,
  sensor: "imu",
  channels: [{ name: "x", unit: "m/s2" }],
  rateHz: 100,
  origin: "a test",
  attributes: { subject: "s01" },
  parts: [part],
};

test("a recording is read back as it was written, with labels and without", () => {
  for (const recording of [good, { ...good, labels: { ...part, file: "labels.parquet" } }]) {
    expect(parseRecording(JSON.parse(JSON.stringify(recording)))).toEqual(recording);
  }
});

test("a recording of a later version is refused by code", () => {
  expect(() => parseRecording({ ...good, format: 2 })).toThrowError(
    expect.objectContaining({ code: "FORMAT_UNKNOWN" }),
  );
});

test.for([
  ["format", { ...good, format: "1" }],
  ["sensor", { ...good, sensor: 1 }],
  ["channels", { ...good, channels: {} }],
  ["channels[0].unit", { ...good, channels: [{ name: "x" }] }],
  ["rateHz", { ...good, rateHz: 0 }],
  ["origin", { ...good, origin: undefined }],
  ["attributes.age", { ...good, attributes: { age: 3 } }],
  ["parts[0].sha256", { ...good, parts: [{ ...part, sha256: "abc" }] }],
  ["parts[0].rows", { ...good, parts: [{ ...part, rows: -1 }] }],
  ["parts[0].file", { ...good, parts: [{ ...part, file: "../../etc/shadow.parquet" }] }],
  ["labels", { ...good, labels: null }],
  ["recording.json", []],
] as const)("a wrong %s is named", ([field, input]) => {
  expect(() => parseRecording(input)).toThrowError(
    expect.objectContaining({
      code: "RECORDING_INVALID",
      details: expect.objectContaining({ field }),
    }),
  );
});
