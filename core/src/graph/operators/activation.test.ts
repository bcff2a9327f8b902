import { expect, test } from "vitest";
import type { OperatorCase } from "../../../../test/operator-case.ts";
import { checkCase, data, graphOf, title } from "../../../../test/operator-case.ts";
import { float, text } from "../builder.ts";
import { activation } from "./activation.ts";

const cases: readonly OperatorCase[] = [
  ...Object.keys(activation)
    .filter((op) => op !== "PRelu")
    .map((op) => ({ op, feeds: [data(2, 3)] })),
  { op: "LeakyRelu", feeds: [data(4)], attributes: { alpha: float(0.5) } },
  { op: "Gelu", feeds: [data(4)], attributes: { approximate: text("tanh") } },
  { op: "PRelu", feeds: [data(2, 3, 4), data(3, 1)] },
];

test.for(cases.map((c) => [title(c), c] as const))("%s: inferred as executed", async ([, c]) => {
  await checkCase(c);
});

test("a slope that is larger than the input is refused", () => {
  const large: OperatorCase = { op: "PRelu", feeds: [data(3), data(2, 3)] };
  expect(() => graphOf(large)).toThrow("does not broadcast to");
});
