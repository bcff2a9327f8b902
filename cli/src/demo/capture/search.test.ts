import { bytesOf, utf8 } from "@edgeloop/core/platform";
import { expect, test } from "vitest";
import { captureLedger } from "./ledger.ts";
import { searchLeaks } from "./search.ts";

const floats = Float32Array.from({ length: 600 }, (_, at) => Math.sin(at * at));
const steps = Int16Array.from(floats, (value) => 1000 * value);
const raw = { floats: [floats], steps: [steps], planted: ["planted-label-7"] };
const capture = (content: Uint8Array) => {
  const ledger = captureLedger();
  ledger.record({
    gateway: "g",
    direction: "up",
    kind: "update payload",
    wireBytes: content.length,
    content: [content],
  });
  return searchLeaks(ledger, raw);
};

test("a window that is sent inside a message of a known kind is caught, as float32 and as int16", () => {
  const window = floats.slice(100, 160);
  expect(capture(bytesOf(window)).samples).toBeGreaterThan(50);
  expect(capture(bytesOf(steps.slice(100, 160))).samples).toBeGreaterThan(10);
});

test("sixteen bytes of a window among a megabyte of others are enough", () => {
  const other = Uint8Array.from({ length: 1_000_000 }, (_, at) => (at * 7919) >> 3);
  other.set(bytesOf(floats.slice(301, 305)), 123_457);
  expect(capture(other).samples).toBe(1);
});

test("a planted label is caught, and innocent text is not", () => {
  expect(capture(utf8('{"label":"planted-label-7"}'))).toMatchObject({
    plantedLabels: 1,
    samples: 0,
  });
  expect(capture(utf8("nothing to see"))).toMatchObject({ plantedLabels: 0, samples: 0 });
});

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

test.for<[string, (text: string) => string]>([
  ["a field", (text) => `{"payload":"${text}"}`],
  ["a path", (text) => `PUT /v1/updates/abc${text} HTTP/1.1`],
  ["the URL-safe alphabet", (text) => text.replaceAll("+", "-").replaceAll("/", "_")],
  ["the payload of an envelope", (text) => `{"payload":"${base64(utf8(`{"note":"${text}"}`))}"}`],
])("a window and a label are caught as base64 in %s", ([, hide]) => {
  const window = hide(base64(bytesOf(floats.slice(100, 120))));
  expect(capture(utf8(window)).samples).toBeGreaterThan(10);
  const label = hide(base64(utf8("by planted-label-7 of the night shift")));
  expect(capture(utf8(label)).plantedLabels).toBeGreaterThan(0);
});
