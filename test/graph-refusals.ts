// Everything that reading and checking graphs refuses, one construct a row: what it says, and what provokes it.
import type { Attributes } from "../core/src/graph/builder.ts";
import { float, graphBuilder, int, ints, text } from "../core/src/graph/builder.ts";
import { compose } from "../core/src/graph/compose.ts";
import { checkTensor, tensorBytes, tensorFromBytes, zeros } from "../core/src/graph/dtypes.ts";
import type { Dim, Graph } from "../core/src/graph/graph.ts";
import { inferValues } from "../core/src/graph/infer.ts";
import { normaliseOpset } from "../core/src/graph/onnx-normalise.ts";
import { encodeOnnx } from "../core/src/graph/onnx-write.ts";
import {
  decodeSafetensors,
  encodeSafetensors,
  safetensorsMetadata,
} from "../core/src/graph/safetensors.ts";
import type { DType, Tensor } from "../core/src/graph/tensor.ts";
import { f32, i64, scalar } from "../core/src/graph/tensor.ts";
import { unrollRecurrence } from "../core/src/graph/unroll-recurrence.ts";
import { validate } from "../core/src/graph/validate.ts";
import { attachWeights } from "../core/src/graph/weights.ts";
import { utf8 } from "../core/src/platform/bytes.ts";

/** One refused construct: the code, a part of the message that no other has, and what provokes it. */
export type Refused = readonly [code: string, message: string, provoke: () => unknown];

type Value = Tensor | { readonly dtype: DType; readonly shape?: readonly Dim[] } | undefined;

/** A float input of a shape. */
const f = (...shape: readonly Dim[]): Value => ({ dtype: "float32", shape });
const of = (dtype: DType, ...shape: readonly Dim[]): Value => ({ dtype, shape });

/** A graph of one node: tensors become initialisers, everything else inputs. */
function graphOf(
  op: string,
  values: readonly Value[],
  attributes: Attributes = {},
  outputs = 1,
): Graph {
  const b = graphBuilder("g");
  const names = values.map((value, i) => {
    if (value === undefined) return "";
    return "data" in value ? b.initializer(`x${i}`, value) : b.input({ name: `x${i}`, ...value });
  });
  b.addMany(op, names, outputs, { attributes, name: "n" });
  return b.build();
}

const inferring =
  (...args: Parameters<typeof graphOf>) =>
  (): unknown =>
    inferValues(graphOf(...args));
const validating =
  (...args: Parameters<typeof graphOf>) =>
  (): unknown =>
    validate(graphOf(...args));

const empty: Graph = { name: "g", inputs: [], outputs: [], nodes: [], initializers: new Map() };
const x: Value = f(2, 3, 4);
const input = (name: string) => ({ name, dtype: "float32" as const, shape: [2] });
const neg = (from: string, to: string) => ({
  ...{ name: "n", op: "Neg", inputs: [from], outputs: [to], attributes: {} },
});
/** y = -x, by names. */
const negated = (from: string, to: string): Graph => ({
  ...empty,
  inputs: [input(from)],
  outputs: [input(to)],
  nodes: [neg(from, to)],
});

/** A branch whose body is empty but for these parts. */
const branching = (parts: Partial<Graph>): (() => unknown) =>
  inferring("If", [of("bool")], {
    then_branch: { kind: "graph", value: { ...empty, ...parts } },
    else_branch: { kind: "graph", value: empty },
  });

const operators: readonly Refused[] = [
  ["OPERATOR_UNKNOWN", "no rule for Odd", inferring("Odd", [x])],
  ["GRAPH_INVALID", "input 1 is required", inferring("Add", [x])],
  ["GRAPH_INVALID", "is beyond 64", inferring("Reshape", [x, of("int64", 100)])],
  ["GRAPH_INVALID", "expected bool", inferring("Not", [x])],
  ["GRAPH_INVALID", "inputs must have one dtype", inferring("Add", [x, of("int32", 4)])],
  ["GRAPH_INVALID", "has rank 2, expected 3", inferring("Conv", [x, f(4, 3)])],
  ["GRAPH_INVALID", "must be equal, not 3 and 5", inferring("Conv", [x, f(4, 5, 2)])],
  ["GRAPH_INVALID", "axis 3 is outside rank 3", inferring("Softmax", [x], { axis: int(3) })],
  ["GRAPH_INVALID", "slope [7] does not broadcast", inferring("PRelu", [x, f(7)])],
  [
    "GRAPH_INVALID",
    "must be at least 1",
    inferring("SpaceToDepth", [f(1, 1, 4, 4)], { blocksize: int(0) }),
  ],
  [
    "GRAPH_INVALID",
    "does not divide by blocks",
    inferring("SpaceToDepth", [f(1, 1, 3, 3)], { blocksize: int(2) }),
  ],
  ["GRAPH_INVALID", "do not broadcast", inferring("Add", [x, f(5)])],
  ["GRAPH_INVALID", "attribute to must name a dtype", inferring("Cast", [x], { to: int(99) })],
  ["GRAPH_INVALID", "index 9 is outside 2", inferring("Gather", [i64([1, 2]), i64([9], [])])],
  ["GRAPH_INVALID", "indices are longer than rank", inferring("GatherND", [x, of("int64", 1, 9)])],
  [
    "GRAPH_INVALID",
    "the step must not be 0",
    inferring("Range", [i64([0], []), i64([5], []), i64([0], [])]),
  ],
  [
    "GRAPH_INVALID",
    "inputs must have one rank",
    inferring("Concat", [x, f(2, 3)], { axis: int(0) }),
  ],
  [
    "GRAPH_INVALID",
    "2 outputs need as many sizes, not 3",
    inferring("Split", [x, i64([1, 1, 1])], { axis: int(1) }, 2),
  ],
  ["GRAPH_INVALID", "does not split into", inferring("Split", [f(3)], {}, 5)],
  ["GRAPH_INVALID", "does not fit [5]", inferring("Expand", [f(2), i64([5])])],
  ["GRAPH_INVALID", "pads must be 6 numbers", inferring("Pad", [x, i64([1, 1])])],
  ["GRAPH_INVALID", "pads take 9 away from 4", inferring("Pad", [f(4), i64([0, -9])])],
  [
    "GRAPH_INVALID",
    "pads leave -3 of axis 2",
    inferring("ConvTranspose", [f(1, 2, 3), f(2, 4, 2)], { pads: ints([4, 3]) }),
  ],
  ["GRAPH_INVALID", "inputs must not be scalars", inferring("MatMul", [f(), x])],
  [
    "GRAPH_INVALID",
    "batch dimensions do not broadcast",
    inferring("MatMul", [f(2, 3, 4), f(5, 4, 3)]),
  ],
  ["GRAPH_INVALID", "bias [9] does not broadcast", inferring("Gemm", [f(2, 3), f(3, 4), f(9)])],
  [
    "GRAPH_INVALID",
    "must name the axes of each input",
    inferring("Einsum", [x], { equation: text("i->j") }),
  ],
  [
    "GRAPH_INVALID",
    "running statistics come out in training mode only",
    inferring("BatchNormalization", [x, f(3), f(3), f(3), f(3)], {}, 3),
  ],
  [
    "GRAPH_INVALID",
    "3 channels do not divide into 2 groups",
    inferring("GroupNormalization", [x, f(3), f(3)], { num_groups: int(2) }),
  ],
  [
    "GRAPH_INVALID",
    "channels must be equal, not 3 and 5",
    inferring("InstanceNormalization", [x, f(5), f(5)]),
  ],
  ["GRAPH_INVALID", "axis 5 is outside rank 3", inferring("CumSum", [x, i64([5], [])])],
  ["GRAPH_INVALID", "scales are a scalar or a list", inferring("QuantizeLinear", [x, f(2, 3)])],
  [
    "GRAPH_INVALID",
    "cannot quantize to float64",
    inferring("QuantizeLinear", [x, f()], { output_dtype: int(11) }),
  ],
  [
    "GRAPH_INVALID",
    "zero point is uint8, output_dtype int8",
    inferring("QuantizeLinear", [x, f(), of("uint8")], { output_dtype: int(3) }),
  ],
  [
    "GRAPH_INVALID",
    "direction up must be",
    inferring("RNN", [x, f(1, 5, 4), f(1, 5, 5)], { direction: text("up") }),
  ],
  [
    "GRAPH_INVALID",
    "weights have 5 rows, not 3 times 5",
    inferring("GRU", [x, f(1, 5, 4), f(1, 5, 5)]),
  ],
  ["GRAPH_INVALID", "only one -1 is allowed", inferring("Reshape", [x, i64([-1, -1])])],
  ["GRAPH_INVALID", "does not fit into", inferring("Reshape", [x, i64([5, 5])])],
  ["GRAPH_INVALID", "axes must differ", inferring("Unsqueeze", [x, i64([0, 0])])],
  [
    "GRAPH_INVALID",
    "must name each of 3 axes once",
    inferring("Transpose", [x], { perm: ints([0, 0, 1]) }),
  ],
  ["GRAPH_INVALID", "either scales or sizes must be given", inferring("Resize", [x])],
  ["GRAPH_INVALID", "1 factors for 3 axes", inferring("Resize", [x, undefined, f32([2])])],
  [
    "GRAPH_INVALID",
    "a step must not be 0",
    inferring("Slice", [x, i64([0]), i64([1]), i64([0]), i64([0])]),
  ],
  [
    "GRAPH_INVALID",
    "strides must be 1 numbers",
    inferring("Conv", [x, f(4, 3, 2)], { strides: ints([1, 1]) }),
  ],
  ["GRAPH_INVALID", "kernel 9 is larger than 4", inferring("Conv", [x, f(4, 3, 9)])],
  ["GRAPH_INVALID", "input 0 must be [N, channels, axes…]", inferring("Conv", [f(2, 3), f(4, 3)])],
  ["GRAPH_INVALID", "kernel_shape is required", inferring("MaxPool", [x])],
  [
    "GRAPH_INVALID",
    "the last axis holds real and imaginary part",
    inferring("DFT", [f(1, 4, 2), undefined, i64([2], [])]),
  ],
  ["GRAPH_INVALID", 'it needs the graph "then_branch"', inferring("If", [of("bool")])],
  ["GRAPH_INVALID", "then_branch has 1 inputs, not 0", branching({ inputs: [input("i")] })],
  [
    "GRAPH_INVALID",
    '"z" has no type',
    branching({ outputs: [{ name: "z", dtype: "float32", isUntyped: true }] }),
  ],
  ["GRAPH_INVALID", "num_scan_inputs must be", inferring("Scan", [x], { num_scan_inputs: int(4) })],
  ["GRAPH_INVALID", 'it has no attribute "odd"', validating("Relu", [x], { odd: int(1) })],
  [
    "GRAPH_INVALID",
    'attribute "axis" must be int, not float',
    validating("Softmax", [x], { axis: float(1) }),
  ],
  [
    "GRAPH_INVALID",
    "attribute axis of n must be int",
    inferring("Softmax", [x], { axis: float(1) }),
  ],
  ["GRAPH_INVALID", "expected 1 inputs, not 2", validating("Relu", [x, x])],
  [
    "RECURRENCE_UNSUPPORTED",
    "the length of the sequence and the hidden size must be known",
    () => unrollRecurrence(graphOf("RNN", [f("T", 1, 4), f(1, 5, 4), f(1, 5, 5)])),
  ],
  [
    "RECURRENCE_UNSUPPORTED",
    "9999 steps are more than",
    () => unrollRecurrence(graphOf("RNN", [f(9999, 1, 4), f(1, 5, 4), f(1, 5, 5)])),
  ],
  [
    "RECURRENCE_UNSUPPORTED",
    "activations Affine are not supported",
    () =>
      unrollRecurrence(
        graphOf("RNN", [f(2, 1, 4), f(1, 5, 4), f(1, 5, 5)], {
          activations: { kind: "strings", value: ["Affine"] },
        }),
      ),
  ],
];

const structures: readonly Refused[] = [
  [
    "GRAPH_INVALID",
    'input "nowhere" is not assigned',
    () => validate({ ...empty, nodes: [neg("nowhere", "y")] }),
  ],
  [
    "GRAPH_INVALID",
    'Neg "n": value "x" must be assigned exactly once',
    () => validate({ ...empty, inputs: [input("x")], nodes: [neg("x", "x")] }),
  ],
  [
    "GRAPH_INVALID",
    'value "x" must be assigned exactly once',
    () => validate({ ...empty, inputs: [input("x"), input("x")] }),
  ],
  [
    "GRAPH_INVALID",
    'output "y" is never assigned',
    () => validate({ ...empty, outputs: [input("y")] }),
  ],
  [
    "GRAPH_INVALID",
    "an operator must be named",
    () => validate({ ...empty, inputs: [input("x")], nodes: [{ ...neg("x", "y"), op: "" }] }),
  ],
  [
    "GRAPH_INVALID",
    "is declared float32 [9], but is float32 [2]",
    () => validate({ ...negated("x", "y"), outputs: [{ ...input("y"), shape: [9] }] }),
  ],
  [
    "GRAPH_INVALID",
    "attribute axis must be an integer",
    () => encodeOnnx(graphOf("Softmax", [x], { axis: int(0.5) })),
  ],
  [
    "GRAPH_NAME_TAKEN",
    "each value of a graph is assigned once",
    () => graphBuilder(negated("x", "y")).input(input("y")),
  ],
  [
    "GRAPH_INVALID",
    "a constant has one value and one output",
    () => normaliseOpset(graphOf("Constant", []), 21),
  ],
  [
    "GRAPH_INVALID",
    "the value must be a tensor, number or text",
    () => normaliseOpset(graphOf("Constant", [], { value: { kind: "graph", value: empty } }), 21),
  ],
  [
    "COMPOSE_INVALID",
    "each connected input needs one output",
    () => compose(negated("a", "b"), negated("c", "d"), []),
  ],
  [
    "COMPOSE_INVALID",
    'no output "q" or no input "c"',
    () => compose(negated("a", "b"), negated("c", "d"), [["q", "c"]]),
  ],
  [
    "COMPOSE_INVALID",
    'output "b" does not fit input "c"',
    () =>
      compose(negated("a", "b"), { ...negated("c", "d"), inputs: [{ ...input("c"), shape: [9] }] }),
  ],
  [
    "COMPOSE_INVALID",
    'both graphs have a value "b", which is an output',
    () => compose({ ...negated("a", "b"), outputs: [input("b")] }, negated("c", "b"), [["b", "c"]]),
  ],
  [
    "WEIGHTS_MISMATCH",
    'weight "w" does not fit the graph',
    () => attachWeights(empty, new Map([["w", scalar(1)]])),
  ],
  [
    "WEIGHTS_MISMATCH",
    'weight "w" is missing',
    () => attachWeights({ ...empty, metadata: { "edgeloop.weights": '["w"]' } }, new Map()),
  ],
  [
    "WEIGHTS_MISMATCH",
    "the list of weights must be a JSON list of names",
    () => attachWeights({ ...empty, metadata: { "edgeloop.weights": "{" } }, new Map()),
  ],
  [
    "TENSOR_INVALID",
    "expected as many bytes as dtype and shape say",
    () => tensorFromBytes("int4", [3], new Uint8Array(3)),
  ],
  [
    "TENSOR_INVALID",
    "text tensors have no element bytes",
    () => tensorBytes({ dtype: "string", shape: [1], data: ["a"] }),
  ],
  [
    "TENSOR_INVALID",
    "expected 9 elements of float32",
    () => checkTensor({ ...f32([1]), shape: [9] }),
  ],
];

/** A .safetensors file of a header as it is given. */
const safetensors = (header: string, body = 0): Uint8Array => {
  const json = utf8(header);
  const file = new Uint8Array(8 + json.length + body);
  new DataView(file.buffer).setBigUint64(0, BigInt(json.length), true);
  file.set(json, 8);
  return file;
};
const entry = (more: string): Uint8Array => safetensors(`{"t":{"dtype":"U8",${more}}}`, 1);

const files: readonly Refused[] = [
  [
    "SAFETENSORS_INVALID",
    "a file has at least 8 bytes",
    () => decodeSafetensors(new Uint8Array(7)),
  ],
  [
    "SAFETENSORS_INVALID",
    "the header is longer than the file or the limit",
    () => decodeSafetensors(new Uint8Array(9).fill(255)),
  ],
  ["SAFETENSORS_INVALID", "the header must be JSON", () => decodeSafetensors(safetensors("{"))],
  [
    "SAFETENSORS_INVALID",
    "the header must be a JSON object",
    () => decodeSafetensors(safetensors("[]")),
  ],
  [
    "SAFETENSORS_INVALID",
    "a tensor's entry must be an object",
    () => decodeSafetensors(safetensors('{"t":1}')),
  ],
  [
    "SAFETENSORS_INVALID",
    "shape and data_offsets must be lists of sizes",
    () => decodeSafetensors(entry('"shape":[-1],"data_offsets":[0,1]')),
  ],
  [
    "SAFETENSORS_INVALID",
    "data_offsets must be [begin, end]",
    () => decodeSafetensors(entry('"shape":[1],"data_offsets":[1,0]')),
  ],
  [
    "SAFETENSORS_INVALID",
    "offsets must be without gaps",
    () => decodeSafetensors(entry('"shape":[1],"data_offsets":[1,2]')),
  ],
  [
    "SAFETENSORS_INVALID",
    "data must end with its last tensor",
    () => decodeSafetensors(entry('"shape":[0],"data_offsets":[0,0]')),
  ],
  [
    "SAFETENSORS_INVALID",
    "metadata must map text to text",
    () => safetensorsMetadata(safetensors('{"__metadata__":{"a":1}}')),
  ],
  [
    "SAFETENSORS_UNSUPPORTED",
    "unknown dtype",
    () => decodeSafetensors(safetensors('{"t":{"dtype":"F8","shape":[0],"data_offsets":[0,0]}}')),
  ],
  [
    "SAFETENSORS_UNSUPPORTED",
    "the format has no such name or dtype",
    () => encodeSafetensors(new Map([["t", zeros("int4", [2])]])),
  ],
];

/** What graphs, weights and tensor files are refused for. */
export const graphRefusals: readonly Refused[] = [...operators, ...structures, ...files];
