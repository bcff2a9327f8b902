import { EdgeloopError } from "../platform/errors.ts";
import type { FlatTable } from "./flat-reader.ts";
import type { FlatField, FlatFields } from "./flat-writer.ts";
import type { TfliteOption, TfliteOptions } from "./model.ts";
import type { OptionField } from "./option-tables.ts";
import { optionEnums, optionTableOf } from "./option-tables.ts";

/**
 * Reads an operator's settings, each with its default where the table lacks it.
 *
 * @param table The options table; undefined where the file gives none.
 * @throws `TFLITE_INVALID` for a number that an enumeration has no name for.
 */
export function readOptions(op: string, table: FlatTable | undefined): TfliteOptions {
  const fields = optionTableOf(op)?.fields ?? [];
  return Object.fromEntries(
    fields.map((field, index) => [field.name, readOption(field, table, index)]),
  );
}

function readOption(field: OptionField, table: FlatTable | undefined, index: number): TfliteOption {
  const { type, fallback } = field;
  switch (type) {
    case "int":
      return table?.number(index, "i32", fallback) ?? fallback;
    case "long":
      return table?.number(index, "i64", fallback) ?? fallback;
    case "float":
      return table?.number(index, "f32", fallback) ?? fallback;
    case "bool":
      return (table?.number(index, "u8", fallback) ?? fallback) !== 0;
    case "text":
      return table?.text(index) ?? "";
    case "ints":
      return table?.numbers(index, "i32") ?? [];
    case "floats":
      return table?.numbers(index, "f32") ?? [];
    default:
      return memberOf(field, table?.number(index, "i8", fallback) ?? fallback);
  }
}

function memberOf({ name, type }: OptionField, value: number): number | string {
  const members = optionEnums[type];
  if (members === undefined) return value;
  const member = members[value];
  if (member !== undefined) return member;
  throw new EdgeloopError("TFLITE_INVALID", `${name} must be one of ${members.join(", ")}`, {
    details: { option: name, value },
  });
}

/**
 * Writes an operator's settings; one that is left out gets its default.
 *
 * @returns The number in the union and the table; undefined for an operator that has no settings.
 * @throws `TFLITE_INVALID` for a setting that the operator does not have, or of another kind.
 */
export function writeOptions(
  op: string,
  options: TfliteOptions,
): { readonly tag: number; readonly fields: FlatFields } | undefined {
  const table = optionTableOf(op);
  const unknown = Object.keys(options).find(
    (name) => !table?.fields.some((field) => field.name === name),
  );
  if (unknown !== undefined) throw invalidOption(op, unknown, "it has no such option");
  if (table === undefined) return undefined;
  const fields = table.fields.map((field) => {
    const value = Object.hasOwn(options, field.name) ? options[field.name] : undefined;
    return value === undefined ? undefined : writeOption(op, field, value);
  });
  return { tag: table.tag, fields };
}

const scalarTypes = { int: "i32", long: "i64", float: "f32" } as const;
const vectorTypes = { ints: "i32", floats: "f32" } as const;

function writeOption(op: string, field: OptionField, value: TfliteOption): FlatField {
  const { type } = field;
  if (type === "text" && typeof value === "string") return { kind: "text", value };
  if ((type === "ints" || type === "floats") && typeof value === "object") {
    return { kind: "numbers", type: vectorTypes[type], values: value };
  }
  if (type === "bool" && typeof value === "boolean") {
    return { kind: "number", type: "u8", value: Number(value) };
  }
  if ((type === "int" || type === "long" || type === "float") && typeof value === "number") {
    return { kind: "number", type: scalarTypes[type], value };
  }
  const member = typeof value === "string" ? optionEnums[type]?.indexOf(value) : undefined;
  const number = type === "Type" && typeof value === "number" ? value : (member ?? -1);
  if (number < 0) throw invalidOption(op, field.name, `expected ${type}`);
  return { kind: "number", type: "i8", value: number };
}

const invalidOption = (op: string, option: string, problem: string): EdgeloopError =>
  new EdgeloopError("TFLITE_INVALID", `option ${option} of ${op}: ${problem}`, {
    details: { op, option },
  });
