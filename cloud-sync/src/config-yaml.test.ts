import { expect, test } from "vitest";
import { z } from "zod";
import { parseYaml } from "./config-yaml.ts";

const schema = z.strictObject({
  a: z.array(z.union([z.number(), z.strictObject({ b: z.number() })])),
});
const read = (text: string): unknown => parseYaml(text, { file: "f.yaml", schema }).data;
const refused = (text: string): unknown => {
  try {
    return read(text);
  } catch (error) {
    return (error as { details: unknown }).details;
  }
};

test("a file that fits is returned as data", () => {
  expect(read("a:\n  - 1\n  - b: 2\n")).toEqual({ a: [1, { b: 2 }] });
});

test("inside a union the branch that got furthest is named", () => {
  expect(refused("a:\n  - 1\n  - b: x\n")).toMatchObject({ line: 3, field: "a[1].b" });
});

test("a key given twice is refused at its line", () => {
  expect(refused("a: []\na: []\n")).toMatchObject({ line: 2 });
});

test("aliases are not expanded, so that a small file cannot become a large one", () => {
  expect(() => read("a: &x [1]\nb: [*x, *x]\n")).toThrow(
    expect.objectContaining({ code: "CONFIG_INVALID" }),
  );
});
