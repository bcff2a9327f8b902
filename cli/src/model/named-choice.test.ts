import { expect, test } from "vitest";
import { readNamedChoice } from "./named-choice.ts";

const allowed = { plain: [], bent: ["delta", "fast"] };
const read = (text: string) => readNamedChoice("--loss", text, allowed);

test("a name, numbers, and a key alone", () => {
  expect(read("plain")).toEqual({ name: "plain", numbers: {} });
  expect(read("bent:delta=0.5,fast")).toEqual({ name: "bent", numbers: { delta: 0.5, fast: 1 } });
});

test.for([
  ["crooked", '--loss must be one of plain, bent, not "crooked"'],
  ["toString", '--loss must be one of plain, bent, not "toString"'],
  ["plain:delta=1", '--loss plain takes no numbers, not "delta"'],
  ["bent:width=1", '--loss bent takes delta, fast, not "width"'],
  ["bent:delta=", '--loss bent: delta must be a number, not ""'],
] as const)("%s is refused", ([text, message]) => {
  expect(() => read(text)).toThrow(expect.objectContaining({ code: "USAGE", message }));
});
