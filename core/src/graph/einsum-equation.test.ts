import { expect, test } from "vitest";
import { einsumEquation } from "./einsum-equation.ts";

// By hand, from the operator's specification.
test.for([
  ["ij,jk->ik", [2, 2], { terms: ["ij", "jk"], output: "ik", ellipsis: "" }],
  ["ij, kj", [2, 2], { terms: ["ij", "kj"], output: "ik", ellipsis: "" }],
  ["...ij,jA->...iA", [4, 2], { terms: ["BCij", "jA"], output: "BCiA", ellipsis: "BC" }],
  ["b...a,b", [3, 1], { terms: ["bAa", "b"], output: "Aa", ellipsis: "A" }],
  ["...,...", [0, 0], { terms: ["", ""], output: "", ellipsis: "" }],
  ["ii->i", [2], { terms: ["ii"], output: "i", ellipsis: "" }],
] as const)("%s of ranks %j", ([equation, ranks, expected]) => {
  expect(einsumEquation(equation, ranks)).toEqual(expected);
});

test.for([
  ["ij->k", [2]],
  ["ij->ii", [2]],
  ["ij", [3]],
  ["...ij", [1]],
  ["...i,...", [3, 1]],
  ["ij,jk", [2]],
  ["i..j", [3]],
  ["i1", [2]],
  ["a->b->c", [1]],
] as const)("%s does not fit ranks %j", ([equation, ranks]) => {
  expect(einsumEquation(equation, ranks)).toBeUndefined();
});
