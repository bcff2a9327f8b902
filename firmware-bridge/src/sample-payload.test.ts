import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeSamples, encodeSamples } from "./sample-payload.ts";

const info = {
  sensor: "s",
  rateHz: 1000,
  channels: [
    { name: "x", unit: "g" },
    { name: "y", unit: "g" },
  ],
};
const bytes = encodeSamples({
  startUs: 5,
  channels: 2,
  scale: 0.5,
  steps: Int16Array.of(1, 2, -3, 4),
});

test("steps come back as units, a row after the other", () => {
  expect(decodeSamples(info, bytes)).toEqual({
    sensor: "s",
    startUs: 5,
    periodUs: 1000,
    data: Float32Array.of(0.5, 1, -1.5, 2),
  });
});

test("every truncation and any bytes are refused with a code or read as finite rows", () => {
  const attempt = (input: Uint8Array): void => {
    try {
      expect(decodeSamples(info, input).data.length % 2).toBe(0);
    } catch (error) {
      expect(error).toMatchObject({
        code: expect.stringMatching(/^(SAMPLES_PAYLOAD_INVALID|PAYLOAD_CHANNELS)$/),
      });
    }
  };
  for (let length = 0; length < bytes.length; length += 1) {
    expect(() => decodeSamples(info, bytes.slice(0, length))).toThrow(
      expect.objectContaining({ code: "SAMPLES_PAYLOAD_INVALID" }),
    );
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), attempt));
});

test("another number of channels than the sensor declares is refused", () => {
  const three = encodeSamples({ startUs: 5, channels: 3, scale: 1, steps: Int16Array.of(1, 2, 3) });
  expect(() => decodeSamples(info, three)).toThrow(
    expect.objectContaining({ code: "PAYLOAD_CHANNELS" }),
  );
});

test("steps that are no whole rows are not sent", () => {
  expect(() =>
    encodeSamples({ startUs: 0, channels: 2, scale: 1, steps: Int16Array.of(1) }),
  ).toThrow(expect.objectContaining({ code: "SAMPLES_PAYLOAD_INVALID" }));
});
