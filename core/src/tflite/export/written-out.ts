import { floatOf } from "../../graph/attributes.ts";
import type { GraphBuilder } from "../../graph/builder.ts";
import { graphBuilder } from "../../graph/builder.ts";
import type { Graph, Node } from "../../graph/graph.ts";
import { scalar } from "../../graph/tensor.ts";

/** Writes a node as simpler ones; the last of them makes the node's output. */
type Recipe = (emit: Emit, node: Node) => Last;

type Last = readonly [op: string, inputs: readonly string[]];
type Emit = {
  (op: string, ...inputs: readonly string[]): string;
  readonly number: (value: number) => string;
};

const softplus = (emit: Emit, x: string): Last => {
  // log(1 + e^x) without overflow: max(x, 0) + log(1 + e^-|x|).
  const tail = emit("Log", emit("Add", emit("Exp", emit("Neg", emit("Abs", x))), emit.number(1)));
  return ["Add", [emit("Relu", x), tail]];
};

/** scale · (max(x, 0) + alpha · (e^min(x, 0) / divisor − 1)), the common form of exponential linear units. */
const exponential =
  (
    of: (node: Node) => {
      readonly alpha: number;
      readonly scale: number;
      readonly divisor: number;
    },
  ): Recipe =>
  (emit, node) => {
    const { alpha, scale, divisor } = of(node);
    const [x = ""] = node.inputs;
    const low = emit("Min", x, emit.number(0));
    const inner = divisor === 1 ? low : emit("Mul", low, emit.number(1 / divisor));
    const curve = emit("Mul", emit("Sub", emit("Exp", inner), emit.number(1)), emit.number(alpha));
    const sum = emit("Add", emit("Relu", x), curve);
    return ["Mul", [sum, emit.number(scale)]];
  };

const recipes: Readonly<Record<string, Recipe>> = {
  Reciprocal: (emit, { inputs: [x = ""] }) => ["Div", [emit.number(1), x]],
  Tan: (emit, { inputs: [x = ""] }) => ["Div", [emit("Sin", x), emit("Cos", x)]],
  Softplus: (emit, { inputs: [x = ""] }) => softplus(emit, x),
  Softsign: (emit, { inputs: [x = ""] }) => [
    "Div",
    [x, emit("Add", emit("Abs", x), emit.number(1))],
  ],
  Mish: (emit, { inputs: [x = ""] }) => {
    const [op, inputs] = softplus(emit, x);
    return ["Mul", [x, emit("Tanh", emit(op, ...inputs))]];
  },
  HardSigmoid(emit, node) {
    const [x = ""] = node.inputs;
    const scaled = emit("Mul", x, emit.number(floatOf(node, "alpha", 0.2)));
    const shifted = emit("Add", scaled, emit.number(floatOf(node, "beta", 0.5)));
    return ["Clip", [shifted, emit.number(0), emit.number(1)]];
  },
  Elu: exponential((node) => ({ alpha: floatOf(node, "alpha", 1), scale: 1, divisor: 1 })),
  Celu: exponential((node) => {
    const alpha = floatOf(node, "alpha", 1);
    return { alpha, scale: 1, divisor: alpha };
  }),
  // The defaults are ONNX's, from Klambauer et al. 2017, arXiv:1706.02515.
  Selu: exponential((node) => ({
    alpha: floatOf(node, "alpha", 1.6732631921768188),
    scale: floatOf(node, "gamma", 1.0507010221481323),
    divisor: 1,
  })),
  Mean(emit, { inputs }) {
    const sum = inputs.length === 1 ? (inputs[0] ?? "") : emit("Sum", ...inputs);
    return ["Mul", [sum, emit.number(1 / inputs.length)]];
  },
};

/** Whether a node has an operator of its own after all. */
const isOwn = (node: Node): boolean => node.op === "Elu" && floatOf(node, "alpha", 1) === 1;

/** Writes operators that .tflite lacks as the arithmetic they stand for. */
export function writtenOut(graph: Graph): Graph {
  const builder = graphBuilder({ ...graph, nodes: [] });
  for (const node of graph.nodes) {
    const recipe =
      node.domain === undefined && Object.hasOwn(recipes, node.op) ? recipes[node.op] : undefined;
    if (recipe === undefined || isOwn(node)) builder.push(node);
    else {
      const [op, inputs] = recipe(emitter(builder, node), node);
      builder.push({ name: node.name, op, inputs, outputs: node.outputs, attributes: {} });
    }
  }
  return builder.build();
}

function emitter(builder: GraphBuilder, node: Node): Emit {
  const name = `${node.name || node.outputs[0]}.part`;
  const emit = (op: string, ...inputs: readonly string[]): string =>
    builder.add(op, inputs, { name });
  return Object.assign(emit, { number: (value: number) => builder.constant(scalar(value), name) });
}
