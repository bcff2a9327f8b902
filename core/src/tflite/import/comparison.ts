import { int } from "../../graph/builder.ts";
import { dtypes } from "../../graph/dtypes.ts";
import { dtypeOfTflite } from "../tensor-types.ts";
import { binary, unary } from "./operand.ts";
import type { ImportRows } from "./row.ts";

/** Operators that compare, combine truth values, and choose by them; and changes of the element type. */
export const comparison: ImportRows = {
  EQUAL: binary("Equal"),
  LESS: binary("Less"),
  LESS_EQUAL: binary("LessOrEqual"),
  GREATER: binary("Greater"),
  GREATER_EQUAL: binary("GreaterOrEqual"),
  LOGICAL_AND: binary("And"),
  LOGICAL_OR: binary("Or"),
  LOGICAL_NOT: unary("Not"),
  NOT_EQUAL(site) {
    const form = site.follow([0, 1]);
    const isEqual = site.add("Equal", [site.read(0, form), site.read(1, form)]);
    site.give(0, site.add("Not", [isEqual]), form);
  },
  SELECT_V2(site) {
    const form = site.follow([0, 1, 2]);
    const inputs = [0, 1, 2].map((input) => site.read(input, form));
    site.give(0, site.add("Where", inputs), form);
  },
  CAST(site) {
    const { type } = site.output(0);
    const dtype = dtypeOfTflite(type);
    if (dtype === undefined) throw site.refuse(`a value of ${type}`);
    const form = site.follow([0]);
    const to = int(dtypes[dtype].onnx);
    site.give(0, site.add("Cast", [site.read(0, form)], { to }), form);
  },
};
