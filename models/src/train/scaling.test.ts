import { expect, test } from "vitest";
import { collectExamples } from "./examples.ts";
import { fitScaling } from "./scaling.ts";

test("channels of one unit share the reciprocal root mean square", () => {
  const examples = collectExamples({ lengthSamples: 2, channels: 3 }, [
    { data: Float32Array.of(3, 0, 10, 0, 4, 10), label: 0, group: "a" },
  ]);
  const channels = [
    { name: "x", unit: "m/s2" },
    { name: "y", unit: "m/s2" },
    { name: "t", unit: "K" },
  ];
  // By hand: (9 + 0 + 0 + 16) / 4 = 6.25, root 2.5; the other channel is 10 throughout.
  expect(fitScaling(examples, channels)).toEqual({ mean: [0, 0, 0], scale: [0.4, 0.4, 0.1] });
});

test("a silent channel is left as it is", () => {
  const examples = collectExamples({ lengthSamples: 2, channels: 1 }, [
    { data: new Float32Array(2), label: 0, group: "a" },
  ]);
  expect(fitScaling(examples, [{ name: "x", unit: "V" }]).scale).toEqual([1]);
});
