import { expect, test } from "vitest";
import type { Maker } from "../../../test/reference/case.ts";
import { drawFrom } from "../../../test/reference/case.ts";
import { cases } from "../../../test/reference/cases.ts";
import { run } from "../../../test/reference/index.ts";
import type { Graph } from "./graph.ts";
import { inferValues } from "./infer.ts";
import { operatorNames, operatorOf } from "./operators.ts";
import type { Tensors } from "./tensor.ts";
import { validate } from "./validate.ts";

test("rows are found by name, in the standard domain alone", () => {
  expect(operatorNames.length).toBeGreaterThan(100);
  for (const op of operatorNames) expect(operatorOf({ op })?.inputs[0]).toBeGreaterThanOrEqual(1);
  expect(operatorOf({ op: "Gelu", domain: "com.microsoft" })).toBeUndefined();
  expect(operatorOf({ op: "constructor" })).toBeUndefined();
});

/** What edgeloop differentiates, in the words of its documentation, and what stands around it in models. */
const known = `Add Sub Mul Div Equal Greater GreaterOrEqual Less LessOrEqual And Or Xor Not
  Abs Neg Sqrt Exp Log Pow Reciprocal Erf Sin Cos Tan Atan Sigmoid Tanh Softplus Softsign Relu LeakyRelu PRelu Elu Selu
  Celu Gelu HardSigmoid HardSwish Mish Clip Min Max Where Cast CastLike Identity MatMul Gemm Einsum Conv ConvTranspose
  MaxPool AveragePool GlobalAveragePool GlobalMaxPool BatchNormalization InstanceNormalization LayerNormalization
  GroupNormalization Softmax LogSoftmax ReduceSum ReduceMean ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2
  ReduceLogSum ReduceLogSumExp ReduceSumSquare CumSum TopK Reshape Flatten Squeeze Unsqueeze Transpose Concat Split Slice
  Gather GatherElements GatherND ScatterElements ScatterND Pad Expand Tile Resize DepthToSpace SpaceToDepth Trilu LSTM
  GRU RNN Dropout QuantizeLinear DequantizeLinear If Loop Scan Shape Size ConstantOfShape Range ArgMax ArgMin`;

test("every operator that models are made of has a row", () => {
  const missing = known.split(/\s+/).filter((op) => operatorOf({ op }) === undefined);
  expect(missing).toEqual([]);
});

/** Compares what inference says with what the interpreter gives. */
function check(graph: Graph, feeds: Tensors): void {
  validate(graph);
  const values = inferValues(graph);
  const results = run(graph, feeds);
  for (const [name, { shape }] of Object.entries(results)) {
    const found = values.get(name)?.shape;
    // A dimension that is a name may be of any size.
    expect(found?.map((dim, axis) => (typeof dim === "number" ? dim : shape[axis]))).toEqual(shape);
  }
}

test.for(Object.entries(cases))(
  "%s has the shape that inference says",
  ([, maker]: [string, Maker]) => {
    for (let seed = 0; seed < 12; seed += 1) {
      const { graph, feeds } = maker(drawFrom(seed));
      check(graph, feeds);
      const inputs = graph.inputs.map((info) => {
        const shape = feeds[info.name]?.shape;
        return shape === undefined ? info : { ...info, shape };
      });
      check({ ...graph, inputs }, feeds);
    }
  },
);
