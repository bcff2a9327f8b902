import { pipelineInvalid } from "./block.ts";

/** Reads the options of one block, by name. Each reader refuses what it does not expect. */
export type Fields = {
  text(name: string, otherwise?: string): string;
  /** A number that is finite. */
  number(name: string, otherwise?: number): number;
  /** A whole number of at least 1. */
  count(name: string): number;
  numbers(name: string): readonly number[];
  texts(name: string): readonly string[];
};

/** Begins to read a block; `at` names its place in messages. */
export function fieldsOf(block: Readonly<Record<string, unknown>>, at: string): Fields {
  const refuse = (name: string, expected: string): never => {
    throw pipelineInvalid(`${at}: ${name} must be ${expected}`, { name, value: block[name] });
  };
  const isNumber = (value: unknown): value is number =>
    typeof value === "number" && Number.isFinite(value);
  const isText = (value: unknown): value is string => typeof value === "string" && value !== "";
  const given = (name: string, otherwise?: unknown): unknown =>
    Object.hasOwn(block, name) ? block[name] : otherwise;
  return {
    text(name, otherwise) {
      const value = given(name, otherwise);
      return isText(value) ? value : refuse(name, "text");
    },
    number(name, otherwise) {
      const value = given(name, otherwise);
      return isNumber(value) ? value : refuse(name, "a number");
    },
    count(name) {
      const value = given(name);
      return isNumber(value) && Number.isInteger(value) && value >= 1
        ? value
        : refuse(name, "a whole number of at least 1");
    },
    numbers(name) {
      const value = given(name);
      return Array.isArray(value) && value.length > 0 && value.every(isNumber)
        ? value
        : refuse(name, "a list of numbers");
    },
    texts(name) {
      const value = given(name);
      return Array.isArray(value) && value.length > 0 && value.every(isText)
        ? value
        : refuse(name, "a list of text");
    },
  };
}
