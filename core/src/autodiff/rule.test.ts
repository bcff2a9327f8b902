import { expect, test } from "vitest";
import { graphBuilder } from "../graph/builder.ts";
import { emitter } from "./emitter.ts";
import { once, ruleContext } from "./rule.ts";

const node = { name: "n", op: "Add", inputs: ["a"], outputs: ["y"], attributes: {} };
const source = {
  node,
  ups: [undefined],
  emit: emitter(graphBuilder("g"), "grad"),
  constant: () => undefined,
};

test("once computes at most once, also an undefined value", () => {
  let calls = 0;
  const read = once(() => {
    calls += 1;
  });
  read();
  read();
  expect(calls).toBe(1);
});

test("what a rule needs and nobody knows is refused with node and reason", () => {
  const context = ruleContext({ ...source, info: () => undefined });
  for (const ask of [() => context.dims("a"), () => context.dtype("a"), () => context.up]) {
    expect(ask).toThrow(
      expect.objectContaining({
        code: "GRADIENT_UNSUPPORTED",
        details: expect.objectContaining({ node: "n", op: "Add" }),
      }),
    );
  }
});

test("an input that is left out has the empty name", () => {
  expect(ruleContext({ ...source, info: () => undefined }).x(3)).toBe("");
});
