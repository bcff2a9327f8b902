import { expect, test } from "vitest";
import { codeOfName, nameOfCode } from "./operator-codes.ts";
import { optionEnums, optionTableOf } from "./option-tables.ts";

// Fields of tables in TensorFlow Lite's schema.fbs.
test.for([
  ["TRANSPOSE_CONV", 49, ["padding", "stride_w", "stride_h", "fused_activation_function"]],
  ["UNPACK", 64, ["num", "axis"]],
  ["LEAKY_RELU", 75, ["alpha"]],
  ["VAR_HANDLE", 111, ["container", "shared_name"]],
] as const)("%s has table %i", ([op, tag, names]) => {
  const table = optionTableOf(op);
  expect(table?.tag).toBe(tag);
  expect(table?.fields.slice(0, names.length).map(({ name }) => name)).toEqual(names);
});

test("defaults are the schema's", () => {
  const dilation = optionTableOf("CONV_2D")?.fields[4];
  expect(dilation).toEqual({ name: "dilation_w_factor", type: "int", fallback: 1 });
});

test("each row is an operator of the schema, with types that are known", () => {
  const rows = Array.from({ length: 210 }, (_, code) => nameOfCode(code))
    .filter((name) => optionTableOf(name))
    .map((name) => ({ name, ...optionTableOf(name) }));
  expect(rows.length).toBeGreaterThan(120);
  const types = ["int", "long", "float", "bool", "text", "ints", "floats", "Type"];
  for (const { name, tag = 0, fields = [] } of rows) {
    expect(codeOfName(name), name).toBeDefined();
    expect(tag > 0 && tag <= 126, name).toBe(true);
    for (const { type, fallback } of fields) {
      expect([...types, ...Object.keys(optionEnums)], name).toContain(type);
      expect(Number.isInteger(fallback), name).toBe(true);
    }
  }
  expect(new Set(rows.map(({ tag }) => tag)).size).toBe(126);
});

test("an operator without settings has no table", () => {
  expect([optionTableOf("RELU"), optionTableOf("toString")]).toEqual([undefined, undefined]);
});
