import { utf8 } from "@edgeloop/core/platform";
import { expect, test } from "vitest";
import { parseLabelMessage } from "./label-message.ts";

const label = { sensor: "vibration", startUs: 0, endUs: 100, label: "bearing", by: "anna" };
const parse = (value: unknown): unknown => parseLabelMessage(utf8(JSON.stringify(value)));

test("a label and a watermark are told apart", () => {
  expect(parse(label)).toEqual({ kind: "label", ...label });
  expect(parse({ sensor: "vibration", completeUntilUs: 7 })).toEqual({
    kind: "complete",
    sensor: "vibration",
    completeUntilUs: 7,
  });
});

test("markup in a class name is data like any other", () => {
  expect(parse({ ...label, label: "<script>" })).toMatchObject({ label: "<script>" });
});

const refused: readonly (readonly [what: string, value: unknown, field: string])[] = [
  ["no object", [1], ""],
  ["no sensor", { ...label, sensor: undefined }, "sensor"],
  ["a sensor that is a path", { ...label, sensor: "../x" }, "sensor"],
  ["a fraction of a microsecond", { ...label, startUs: 0.5 }, "startUs"],
  ["an end before the start", { ...label, endUs: -1 }, "endUs"],
  ["a span of two days", { ...label, endUs: 2 * 86_400_000_000 }, "endUs"],
  ["an empty label", { ...label, label: "" }, "label"],
  ["a label that is a number", { ...label, label: 3 }, "label"],
  ["nobody", { ...label, by: undefined }, "by"],
  ["a watermark that is text", { sensor: "vibration", completeUntilUs: "5" }, "completeUntilUs"],
];

test.for(refused)("%s is refused, naming the field", ([, value, field]) => {
  expect(() => parse(value)).toThrow(
    expect.objectContaining({ code: "LABEL_INVALID", details: expect.objectContaining({ field }) }),
  );
});

test("bytes that are not JSON, not UTF-8 or too many are refused", () => {
  const payloads = [utf8("{"), Uint8Array.of(0xff, 0xfe), utf8(`"${"x".repeat(2000)}"`)];
  for (const payload of payloads) {
    expect(() => parseLabelMessage(payload)).toThrow(
      expect.objectContaining({ code: "LABEL_INVALID" }),
    );
  }
});
