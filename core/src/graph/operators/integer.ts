import type { Known, Operator, OperatorRows, Site } from "../operator.ts";
import { inputOf, known, needDType } from "../operator.ts";
import type { DType } from "../tensor.ts";
import { matrix } from "./matrix.ts";
import { spatial } from "./spatial.ts";

const bytes: readonly DType[] = ["int8", "uint8"];

const dynamicQuantize: Operator = {
  inputs: [1, 1],
  outputs: [3, 3],
  attributes: {},
  infer(site) {
    needDType(site, 0, ["float32"]);
    return [known("uint8", inputOf(site, 0).shape), known("float32", []), known("uint8", [])];
  },
};

/** Has the shapes of a float operator, bytes in and 32-bit sums out. */
function ofIntegers(name: string, rows: OperatorRows): Operator {
  const row = rows[name];
  if (row === undefined) throw new TypeError(`${name} is a row of the table`);
  return {
    ...row,
    inputs: [2, 4],
    infer(site) {
      for (const index of [0, 1]) needDType(site, index, bytes);
      return row.infer(asFloats(site)).map(({ shape }) => known("int32", shape));
    },
  };
}

const asFloats = (site: Site): Site => ({
  ...site,
  inputs: site.inputs.slice(0, 2).map((input): Known => known("float32", input?.shape)),
});

/** Operators on 8-bit integers whose scale the graph handles itself. */
export const integer: OperatorRows = {
  DynamicQuantizeLinear: dynamicQuantize,
  MatMulInteger: ofIntegers("MatMul", matrix),
  ConvInteger: ofIntegers("Conv", spatial),
};
