import { floatOf, floatsOf, intOf, intsOf, textOf } from "./attributes.ts";
import type { GraphBuilder } from "./builder.ts";
import { int, text } from "./builder.ts";
import { dtypes } from "./dtypes.ts";
import type { Attribute, Node } from "./graph.ts";
import { opsetInternal } from "./graph.ts";
import { perGroup, rootMeanSquare } from "./opset-normalization.ts";
import type { Rewrite } from "./opset-rewrite.ts";
import { refused, without } from "./opset-rewrite.ts";
import { opsetSix } from "./opset-six.ts";
import type { Tensor } from "./tensor.ts";
import { f32, i64 } from "./tensor.ts";

const always = Number.POSITIVE_INFINITY;

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

const tooNew: Rewrite["apply"] = (node) => {
  throw refused(node, `came after opset ${opsetInternal}; convert the model to it`);
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

const gridModes: Readonly<Record<string, string>> = { bilinear: "linear", bicubic: "cubic" };

const gridSample: Rewrite["apply"] = (node) => {
  const mode = textOf(node, "mode", "bilinear");
  return [withAttribute(node, "mode", text(gridModes[mode] ?? mode))];
};

/** Before opset 10 a dropout's mask had the type of its data, which all who wrote it had as float32. */
const floatMask: Rewrite["apply"] = (node, builder) => {
  const [y = "", mask = ""] = node.outputs;
  if (mask === "") return [node];
  const kept = builder.fresh(`${mask}.kept`);
  const cast = {
    ...{ name: `${mask}.cast`, op: "Cast", inputs: [kept], outputs: [mask] },
    attributes: { to: int(dtypes.float32.onnx) },
  };
  return [{ ...node, outputs: [y, kept] }, cast];
};

/** An attribute that opset 23 brought and whose default says nothing new. */
const defaultOnly =
  (name: string): Rewrite["apply"] =>
  (node) => {
    if (intOf(node, name, 0) !== 0) {
      throw refused(node, `with ${name} is not of opset ${opsetInternal}; leave it out`);
    }
    return [without(node, name)];
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
    { below: 10, apply: floatMask },
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
  GroupNormalization: [{ below: 21, apply: perGroup }],
  GridSample: [{ below: 20, apply: gridSample }],
  // What opset 22 and 23 brought, on runtimes of opset 21.
  RMSNormalization: [{ below: always, apply: rootMeanSquare }],
  QuantizeLinear: [{ below: always, apply: defaultOnly("precision") }],
  DequantizeLinear: [{ below: always, apply: defaultOnly("output_dtype") }],
  RotaryEmbedding: [{ below: always, apply: tooNew }],
};

const rowsOf = (from: Readonly<Record<string, readonly Rewrite[]>>, op: string) =>
  Object.hasOwn(from, op) ? (from[op] ?? []) : [];

/** Rewrites of an operator, in the order in which they apply. */
export const rewritesOf = (op: string): readonly Rewrite[] => [
  ...rowsOf(opsetSix, op),
  ...rowsOf(table, op),
];
