import fc from "fast-check";
import { expect, test } from "vitest";
import { packedDecoder } from "./packed.ts";

const info = {
  sensor: "s",
  rateHz: 1000,
  channels: [
    { name: "x", unit: "g" },
    { name: "y", unit: "g" },
  ],
};
const base = { kind: "packed", skipBytes: 0, scale: 1 } as const;

test("little-endian int16 rows after an int64 time in microseconds, by hand", () => {
  // Python: struct.pack("<qhhhh", 1700000000000000, 1, -2, 3, -4).hex()
  const bytes = Uint8Array.from(Buffer.from("00401e18240a06000100feff0300fcff", "hex"));
  const decode = packedDecoder(info, {
    ...base,
    endian: "little",
    time: { type: "int64", unit: "us" },
    type: "int16",
    scale: [0.5, 2],
  });
  const samples = decode(bytes, 0);
  expect(samples.startUs).toBe(1_700_000_000_000_000);
  expect([...samples.data]).toEqual([0.5, -4, 1.5, -8]);
});

test("any float32 rows survive either byte order", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(
          fc.float({ noNaN: true, noDefaultInfinity: true }),
          fc.float({ noNaN: true, noDefaultInfinity: true }),
        ),
        { minLength: 1 },
      ),
      fc.boolean(),
      (rows, little) => {
        const flat = rows.flat();
        const bytes = new Uint8Array(flat.length * 4);
        const view = new DataView(bytes.buffer);
        for (const [index, value] of flat.entries()) view.setFloat32(4 * index, value, little);
        const decode = packedDecoder(info, {
          ...base,
          endian: little ? "little" : "big",
          type: "float32",
        });
        expect(decode(bytes, 1e9).data).toEqual(Float32Array.from(flat));
      },
    ),
  );
});

test("every truncation is refused with a code or is whole rows", () => {
  const bytes = new Uint8Array(8 + 40);
  const decode = packedDecoder(info, {
    ...base,
    endian: "little",
    time: { type: "int64", unit: "us" },
    type: "int16",
  });
  for (let length = 0; length < bytes.length; length += 1) {
    const whole = length > 8 && (length - 8) % 4 === 0;
    const attempt = () => decode(bytes.slice(0, length), 0);
    if (whole) expect(attempt().data.length).toBe((length - 8) / 2);
    else
      expect(attempt).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^PAYLOAD_/) }),
      );
  }
});

test("a payload that starts at an odd address reads like any other", () => {
  const bytes = Uint8Array.of(9, 1, 0, 254, 255);
  const decode = packedDecoder(info, { ...base, endian: "little", type: "int16" });
  expect([...decode(bytes.subarray(1), 1000).data]).toEqual([1, -2]);
});
