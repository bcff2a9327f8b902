import { expect, test } from "vitest";
import { codesMax } from "./limits.ts";
import { boundedMeter, memoryMeter } from "./meter.ts";

test("a sender that makes up codes cannot make up series", () => {
  const inner = memoryMeter();
  const meter = boundedMeter(inner);
  for (let index = 0; index < codesMax + 50; index += 1) {
    meter.add("refused", ["s", `CODE_${index}`]);
  }
  expect(inner.read("refused", ["other", "other"])).toBe(50);
  expect(inner.read("refused")).toBe(codesMax + 50);
});
