import fc from "fast-check";
import { expect, test } from "vitest";
import type { Label } from "./label.ts";
import { labelFor, majorityLabel } from "./label.ts";

const spec = { rateHz: 100, lengthSamples: 100, hopSamples: 25 };
const window = { startUs: 5_000_000 };
const label = (fromMs: number, toMs: number, name: string): Label => ({
  startUs: 5_000_000 + fromMs * 1000,
  endUs: 5_000_000 + toMs * 1000,
  label: name,
  by: "test",
});

test.for([
  ["none", [], undefined],
  ["one over all of it", [label(-10, 2000, "a")], "a"],
  ["the longer of two", [label(0, 490, "a"), label(490, 1000, "b")], "b"],
  ["of equal ones the earlier", [label(500, 1000, "b"), label(0, 500, "a")], "a"],
  [
    "pieces of one label together",
    [label(0, 300, "a"), label(300, 700, "b"), label(700, 1000, "a")],
    "a",
  ],
  ["the largest of three", [label(0, 300, "a"), label(300, 700, "b"), label(700, 1000, "c")], "b"],
  [
    "overlaps of one label once",
    [label(0, 400, "a"), label(0, 400, "a"), label(400, 1000, "b")],
    "b",
  ],
  ["half of it, the rest unknown", [label(0, 500, "a")], "a"],
  ["less than what is unknown", [label(0, 499, "a")], undefined],
  ["nothing that only touches", [label(-500, 0, "a"), label(1000, 2000, "b")], undefined],
] as const)("a window takes %s", ([, labels, expected]) => {
  expect(labelFor(window, spec, labels)).toBe(expected);
});

test("the order of labels does not matter", () => {
  const stretch = fc.tuple(fc.integer({ min: -200, max: 1000 }), fc.integer({ min: 1, max: 600 }));
  fc.assert(
    fc.property(
      fc.array(fc.tuple(stretch, fc.constantFrom("a", "b", "c")), { maxLength: 6 }),
      (drawn) => {
        const labels = drawn.map(([[from, ms], name]) => label(from, from + ms, name));
        expect(labelFor(window, spec, labels)).toBe(labelFor(window, spec, labels.toReversed()));
      },
    ),
  );
});

test("labels on the grid give the majority of their samples", () => {
  const names = fc.array(fc.constantFrom("a", "b", "c"), { minLength: 100, maxLength: 100 });
  fc.assert(
    fc.property(names, (perSample) => {
      const labels = perSample.map((name, i) => label(i * 10, (i + 1) * 10, name));
      expect(labelFor(window, spec, labels)).toBe(majorityLabel(perSample));
    }),
  );
});

test("no samples have no majority", () => {
  expect(majorityLabel([])).toBeUndefined();
});
