import { EdgeloopError } from "../platform/errors.ts";
import { floatOf, floatsOf, intOf, intsOf, textOf } from "./attributes.ts";
import type { GraphBuilder } from "./builder.ts";
import { int, text } from "./builder.ts";
import type { Attribute, Node } from "./graph.ts";
import { opsetInternal } from "./graph.ts";
import type { Tensor } from "./tensor.ts";
import { f32, i64 } from "./tensor.ts";

/** How an operator's older form becomes today's. */
export type Rewrite = {
  /** Forms below this opset are rewritten. */
  readonly below: number;
  /** The nodes in its place; the last has its outputs. */
  readonly apply: (node: Node, builder: GraphBuilder) => readonly Node[];
};

const always = Number.POSITIVE_INFINITY;

const without = (node: Node, ...names: readonly string[]): Node => ({
  ...node,
  attributes: Object.fromEntries(
    Object.entries(node.attributes).filter(([name]) => !names.includes(name)),
  ),
});

const withAttribute = (node: Node, name: string, value: Attribute): Node => ({
  ...node,
  attributes: { ...node.attributes, [name]: value },
});

/** Attributes that became inputs: which, at which place, and how they read. */
function toInputs(
  node: Node,
  builder: GraphBuilder,
  found: readonly (readonly [name: string, place: number, tensor: Tensor | undefined])[],
): Node {
  const inputs = [...node.inputs];
  for (const [name, place, tensor] of found) {
    while (inputs.length <= place) inputs.push("");
    if (tensor !== undefined)
      inputs[place] = builder.constant(tensor, `${node.outputs[0]}.${name}`);
  }
  while (inputs.at(-1) === "") inputs.pop();
  return { ...without(node, ...found.map(([name]) => name)), inputs };
}

const listOf = (node: Node, name: string): Tensor | undefined => {
  const values = intsOf(node, name);
  return values === undefined ? undefined : i64(values);
};

const scalarOf = (node: Node, name: string): Tensor | undefined =>
  node.attributes[name] === undefined ? undefined : f32([floatOf(node, name, 0)], []);

const axesToInput: Rewrite["apply"] = (node, builder) => [
  toInputs(node, builder, [["axes", 1, listOf(node, "axes")]]),
];

const refused = (node: Node, why: string): EdgeloopError =>
  new EdgeloopError("ONNX_OPSET_UNSUPPORTED", `${node.op} ${why}`, {
    details: { op: node.op, node: node.name },
  });

const convert: Rewrite["apply"] = (node) => {
  throw refused(node, `changed; convert the model to opset ${opsetInternal}`);
};

/** Sampling as it was before it could be chosen: asymmetric coordinates, rounded down. */
const resized = (node: Node, scales: string): readonly Node[] => [
  {
    ...without(node, "scales"),
    op: "Resize",
    inputs: [node.inputs[0] ?? "", "", scales],
    attributes: {
      mode: text(textOf(node, "mode", "nearest")),
      coordinate_transformation_mode: text("asymmetric"),
      nearest_mode: text("floor"),
    },
  },
];

const upsample: Rewrite["apply"] = (node, builder) => {
  const given = floatsOf(node, "scales");
  const scales =
    given === undefined
      ? (node.inputs[1] ?? "")
      : builder.constant(f32(given), `${node.outputs[0]}.scales`);
  return resized(node, scales);
};

/** RMSNormalization by its definition: it came with opset 23, and runtimes of opset 21 do not have it. */
const rootMeanSquare: Rewrite["apply"] = (node, builder) => {
  const [x = "", scale = ""] = node.inputs;
  const y = node.outputs[0] ?? "";
  const axis = intOf(node, "axis", -1);
  if (axis >= 0) throw refused(node, "needs an axis that is counted from the end");
  const axes = builder.constant(
    i64(Array.from({ length: -axis }, (_, i) => axis + i)),
    `${y}.axes`,
  );
  const epsilon = builder.constant(f32([floatOf(node, "epsilon", 1e-5)], []), `${y}.epsilon`);
  const step = (op: string, name: string, inputs: readonly string[]): Node => ({
    ...{ name: `${y}.${name}`, op, inputs, attributes: {} },
    outputs: [builder.fresh(`${y}.${name}`)],
  });
  const square = step("Mul", "square", [x, x]);
  const mean = step("ReduceMean", "mean", [...square.outputs, axes]);
  const safe = step("Add", "safe", [...mean.outputs, epsilon]);
  const root = step("Sqrt", "root", safe.outputs);
  const normal = step("Div", "normal", [x, ...root.outputs]);
  const last = { ...node, op: "Mul", inputs: [...normal.outputs, scale], attributes: {} };
  return [square, mean, safe, root, normal, last];
};

const reductions = ["L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min", "Prod", "SumSquare"];

/** What changed between opset 7 and today, for operators whose old form still means something. */
const table: Readonly<Record<string, readonly Rewrite[]>> = {
  ...Object.fromEntries(
    reductions.map((kind) => [`Reduce${kind}`, [{ below: 18, apply: axesToInput }]]),
  ),
  ReduceSum: [{ below: 13, apply: axesToInput }],
  Squeeze: [{ below: 13, apply: axesToInput }],
  Unsqueeze: [{ below: 13, apply: axesToInput }],
  Split: [
    { below: 13, apply: (node, b) => [toInputs(node, b, [["split", 1, listOf(node, "split")]])] },
    {
      below: 18,
      apply: (node) => [
        (node.inputs[1] ?? "") === ""
          ? withAttribute(node, "num_outputs", int(node.outputs.length))
          : node,
      ],
    },
  ],
  Clip: [
    {
      below: 11,
      apply: (node, b) => [
        toInputs(node, b, [
          ["min", 1, scalarOf(node, "min")],
          ["max", 2, scalarOf(node, "max")],
        ]),
      ],
    },
  ],
  Pad: [
    {
      below: 11,
      apply: (node, b) => [
        toInputs(node, b, [
          ["pads", 1, listOf(node, "pads")],
          ["value", 2, scalarOf(node, "value")],
        ]),
      ],
    },
  ],
  Slice: [
    {
      below: 10,
      apply: (node, b) => [
        toInputs(node, b, [
          ["starts", 1, listOf(node, "starts")],
          ["ends", 2, listOf(node, "ends")],
          ["axes", 3, listOf(node, "axes")],
        ]),
      ],
    },
  ],
  TopK: [
    {
      below: 10,
      apply: (node, b) => [toInputs(node, b, [["k", 1, i64([intOf(node, "k", 0)])]])],
    },
  ],
  Dropout: [
    { below: 12, apply: (node, b) => [toInputs(node, b, [["ratio", 1, scalarOf(node, "ratio")]])] },
  ],
  BatchNormalization: [
    {
      below: 14,
      apply: (node) => {
        if (
          node.outputs.filter((name) => name !== "").length === 1 &&
          intOf(node, "spatial", 1) === 1
        ) {
          return [{ ...without(node, "spatial"), outputs: node.outputs.slice(0, 1) }];
        }
        throw refused(node, "in training mode, or by place, is not read below opset 14");
      },
    },
  ],
  Scatter: [{ below: 11, apply: (node) => [{ ...node, op: "ScatterElements" }] }],
  Upsample: [{ below: 10, apply: upsample }],
  Resize: [{ below: 11, apply: (node) => resized(node, node.inputs[1] ?? "") }],
  DFT: [
    {
      below: 20,
      apply: (node, builder) => {
        const axis = builder.constant(i64([intOf(node, "axis", 1)], []), `${node.outputs[0]}.axis`);
        const inputs = [node.inputs[0] ?? "", node.inputs[1] ?? "", axis];
        return [{ ...without(node, "axis"), inputs }];
      },
    },
  ],
  GroupNormalization: [{ below: 21, apply: convert }],
  GridSample: [{ below: 20, apply: convert }],
  RMSNormalization: [{ below: always, apply: rootMeanSquare }],
};

/** Rewrites of an operator, oldest first. */
export const rewritesOf = (op: string): readonly Rewrite[] =>
  Object.hasOwn(table, op) ? (table[op] ?? []) : [];
