import { expect, test } from "vitest";
import {
  integerOption,
  listOption,
  numberOption,
  optionalNumber,
  optionalText,
  pairsOption,
  textOption,
} from "./options.ts";

const usage = expect.objectContaining({ code: "USAGE" });

test("text is given or wrong usage, and may be absent where it is optional", () => {
  expect(textOption({ to: "x" }, "to")).toBe("x");
  expect(() => textOption({}, "dataDirectory")).toThrow("--data-directory needs a value");
  expect(optionalText({}, "to")).toBeUndefined();
});

test("numbers are within their bounds", () => {
  const bounds = { min: 1, max: 9 };
  expect(numberOption({ rate: "2.5" }, "rate", bounds)).toBe(2.5);
  for (const rate of ["", " ", "x", "0", "10", "NaN"]) {
    expect(() => numberOption({ rate }, "rate", bounds)).toThrow(usage);
  }
  expect(optionalNumber({}, "rate", bounds)).toBeUndefined();
  expect(optionalNumber({ rate: "9" }, "rate", bounds)).toBe(9);
  expect(integerOption({}, "seed", { ...bounds, fallback: 3 })).toBe(3);
  expect(integerOption({ seed: "9" }, "seed", { ...bounds, fallback: 3 })).toBe(9);
  for (const seed of ["2.5", "0", "x"]) {
    expect(() => integerOption({ seed }, "seed", { ...bounds, fallback: 3 })).toThrow(usage);
  }
});

test("repeated options are a list, empty when absent", () => {
  expect(listOption({ where: ["a", "b"] }, "where")).toEqual(["a", "b"]);
  expect(listOption({}, "where")).toEqual([]);
});

test("pairs are key and value at the first equals sign", () => {
  expect(pairsOption({ where: ["a=1=2"] }, "where")).toEqual({ a: "1=2" });
  expect(() => pairsOption({ where: ["=1"] }, "where")).toThrow(usage);
});
