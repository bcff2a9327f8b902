import fc from "fast-check";
import { expect, test } from "vitest";
import { matchesGlob } from "./name-glob.ts";

test("stars, question marks and several patterns", () => {
  const names = ["conv1.weight", "conv12.weight", "head.bias"];
  expect(names.map(matchesGlob("conv?.*"))).toEqual([true, false, false]);
  expect(names.map(matchesGlob("*.weight, head.bias"))).toEqual([true, true, true]);
});

test("a name without wildcards matches itself alone, whatever its letters", () => {
  const name = fc.string({ minLength: 1 }).filter((text) => !/[*?,]|^\s|\s$/.test(text));
  fc.assert(
    fc.property(name, name, (a, b) => {
      expect(matchesGlob(a)(a)).toBe(true);
      expect(matchesGlob(a)(b)).toBe(a === b);
    }),
  );
});
