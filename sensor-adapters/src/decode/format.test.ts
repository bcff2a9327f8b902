import { expect, test } from "vitest";
import { decoderOf, formatJsonSchema, parseFormat } from "./format.ts";

const info = { sensor: "s", rateHz: 10, channels: [{ name: "x", unit: "V" }] };

test("each kind is read, defaults filled in, and gives a decoder", () => {
  const packed = parseFormat({ kind: "packed", type: "uint8" }, info);
  expect(packed).toMatchObject({ endian: "little", skipBytes: 0, scale: 1 });
  expect([...decoderOf(info, packed)(Uint8Array.of(7), 1e6).data]).toEqual([7]);
  const csv = parseFormat({ kind: "csv", columns: [0] }, info);
  expect([...decoderOf(info, csv)(new TextEncoder().encode("4"), 1e6).data]).toEqual([4]);
  const json = parseFormat({ kind: "json", values: ["v"] }, info);
  expect([...decoderOf(info, json)(new TextEncoder().encode('{"v":3}'), 1e6).data]).toEqual([3]);
});

test.for([
  [{ kind: "packed", type: "int17" }, "format.type"],
  [{ kind: "packed", type: "int8", scale: [1, 2] }, "2 channels"],
  [{ kind: "json", values: ["a", "b"] }, "2 channels"],
  [{ kind: "csv", columns: [0], colour: 1 }, "colour"],
  [{ kind: "protobuf" }, "format.kind"],
] as const)("%o is refused, naming the field", ([value, field]) => {
  expect(() => parseFormat(value, info)).toThrow(
    expect.objectContaining({
      code: "SENSOR_FORMAT_INVALID",
      message: expect.stringContaining(field),
    }),
  );
});

test("the JSON Schema offers the kinds", () => {
  expect(JSON.stringify(formatJsonSchema())).toContain("packed");
});
