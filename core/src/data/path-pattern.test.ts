import { expect, test } from "vitest";
import { pathPattern } from "./path-pattern.ts";

test.for([
  [
    "{subject}/{subject}_{execution}_{device}.csv",
    "s01/s01_05_sp.csv",
    { subject: "s01", execution: "05", device: "sp" },
  ],
  ["{site}/{machine}.csv", "hall (2)/pump+1.csv", { site: "hall (2)", machine: "pump+1" }],
  ["data.csv", "data.csv", {}],
  ["{a}_{a}.csv", "x_y_x_y.csv", { a: "x_y" }],
] as const)("%s reads %s", ([pattern, path, attributes]) => {
  expect(pathPattern(pattern).attributesOf(path)).toEqual(attributes);
});

test.for([
  ["{subject}/{run}.csv", "notes.csv"],
  ["{subject}/{run}.csv", "a/b/c.csv"],
  ["{run}.csv", "runXcsv"],
  ["{run}.csv", ".csv"],
] as const)("%s passes %s over", ([pattern, path]) => {
  expect(pathPattern(pattern).attributesOf(path)).toBeUndefined();
});

test("a name with two values is refused", () => {
  expect(() => pathPattern("{s}/{s}_{run}.csv").attributesOf("s01/s02_1.csv")).toThrowError(
    expect.objectContaining({ code: "PATH_DISAGREES" }),
  );
});

test.for(["{subject", "subject}", "{}", "{a b}", "{a{b}}"])("%s is no pattern", (pattern) => {
  expect(() => pathPattern(pattern)).toThrowError(
    expect.objectContaining({ code: "PATH_PATTERN_INVALID" }),
  );
});
