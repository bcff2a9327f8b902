import { groupedFolds } from "@edgeloop/models";
import { expect, test } from "vitest";
import { castFold } from "./people.ts";

test("everybody has one part, and the laboratory is a third of who trains", () => {
  const people = Array.from({ length: 23 }, (_, index) => `p${index}`);
  for (const fold of groupedFolds(people, 5, 1)) {
    const { laboratory, field, held } = castFold(fold);
    expect([...laboratory, ...field, ...held].toSorted()).toEqual(people.toSorted());
    expect(laboratory.length).toBe(6);
  }
});

test("too few people are refused", () => {
  expect(() => castFold({ train: ["a"], test: ["c"] })).toThrow(
    expect.objectContaining({ code: "FOLD_TOO_SMALL" }),
  );
});
