import { expect, test } from "vitest";
import { executionOrder } from "./execution-order.ts";
import type { Node } from "./graph.ts";

const node = (name: string, ...inputs: string[]): Node => ({
  name,
  op: "Add",
  inputs,
  outputs: [name],
  attributes: {},
});
const names = (...nodes: Node[]): string =>
  executionOrder({ nodes })
    .map(({ name }) => name)
    .join(" ");

// By hand, from the rule: leaves from the last, a node's sources from the last.
test("the last leaf comes first, with its sources before it, the last source first", () => {
  expect(names(node("a", "x"), node("b", "x"), node("c", "a", "b"), node("d", "x"))).toBe(
    "d b a c",
  );
});

test("what is needed late runs late, wherever it stands", () => {
  const nodes = [
    node("early", "x"),
    node("chain", "x"),
    node("more", "chain"),
    node("end", "more", "early"),
  ];
  expect(names(...nodes)).toBe("chain more early end");
});

test("every node runs once, after those that it reads, also where an output is left out", () => {
  const nodes = [node("a", ""), node("b", "a", ""), node("c", "a", "b"), node("d", "c", "a")];
  expect(names(...nodes)).toBe("a b c d");
  expect(names({ ...node("a", "x"), outputs: ["", "a"] }, node("b", "", "a"))).toBe("a b");
});
