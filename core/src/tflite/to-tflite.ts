import type { Graph, Node } from "../graph/graph.ts";
import type { Known } from "../graph/operator.ts";
import { integersOf } from "../graph/operator.ts";
import type { Readers } from "./export/decide.ts";
import { decide, readersOf } from "./export/decide.ts";
import { reshapeInto } from "./export/moves.ts";
import { prepare } from "./export/prepare.ts";
import type { Program } from "./export/program.ts";
import { startProgram } from "./export/program.ts";
import { refusal } from "./export/refusal.ts";
import { rules } from "./export/rules.ts";
import { openSite } from "./export/site.ts";
import type { Values } from "./export/values.ts";
import { startValues } from "./export/values.ts";
import type { TfliteModel, TfliteType } from "./model.ts";

/** How a graph is written. */
export type ToTfliteOptions = {
  /** The size that a named first axis of inputs (`"N"`) gets; 1 when absent. .tflite runtimes fix it. */
  readonly batch?: number;
};

/**
 * Writes a graph as a .tflite model of built-in operators that LiteRT and TensorFlow Lite Micro have.
 *
 * Inputs and outputs keep their names, shapes and layout; in between, channels come last, as convolutions want them,
 * and are moved only where something else needs them elsewhere. Convolutions over one axis become those of height 1.
 * Nodes between DequantizeLinear and QuantizeLinear become int8 with those scales (a uint8 zero point z is z − 128) where
 * int8 kernels compute the same; results whose scale an operator prescribes are rescaled after it. Everything else
 * stays float32. Recurrent cells are written out, a step at a time.
 *
 * @throws `TFLITE_UNSUPPORTED` naming the node and the reason, for what .tflite cannot say, and what `inferValues` throws.
 * @see https://www.tensorflow.org/lite/performance/quantization_spec
 * @example
 * const node = { name: "relu", op: "Relu", inputs: ["x"], outputs: ["y"], attributes: {} };
 * const inputs = [{ name: "x", dtype: "float32", shape: ["N", 2] }];
 * const outputs = [{ name: "y", dtype: "float32" }];
 * const graph = { name: "g", inputs, outputs, nodes: [node], initializers: new Map() };
 * toTflite(graph).subgraphs[0].operators.map(({ op }) => op); // => ["RELU"]
 */
export function toTflite(source: Graph, { batch = 1 }: ToTfliteOptions = {}): TfliteModel {
  const { graph, known } = prepare(source, batch);
  const program = startProgram(graph.name);
  const values = startValues({ graph, known, program });
  const readers = readersOf(graph);
  const inputs = graph.inputs.map(({ name }) => addInput(name, { program, values }));
  const done = new Set<Node>();
  for (const node of graph.nodes) {
    if (done.has(node) || isKnown(node, known)) continue;
    const results = writeNode(node, { program, values, readers });
    // What the operator does on the way needs no writing of its own.
    if (results === node.outputs) continue;
    for (const reader of readers.of(node.outputs[0] ?? "")) done.add(reader);
  }
  const outputs = graph.outputs.map(({ name }) => addOutput(name, { program, values, inputs }));
  return program.model({ inputs, outputs });
}

/** Writes a node; gives the names under which its results go on. */
function writeNode(
  node: Node,
  { program, values, readers }: Place & { readonly readers: Readers },
): readonly string[] {
  if (node.op === "QuantizeLinear") writeQuantize(node, { program, values });
  else if (node.op === "DequantizeLinear") checkDequantize(node, values);
  else {
    const rule = node.domain === undefined ? rules[node.op] : undefined;
    if (rule === undefined) throw refusal(node, "no operator corresponds to it");
    const decision = decide(node, rule, { values, readers });
    const { site, finish } = openSite(decision, { program, values });
    rule.write(site);
    finish();
    return decision.results;
  }
  return node.outputs;
}

type Place = { readonly program: Program; readonly values: Values };

/** Shape arithmetic whose result is known needs no operator. */
const isKnown = (node: Node, known: ReadonlyMap<string, Known>): boolean =>
  node.outputs.every((name) => {
    const value = known.get(name);
    return value?.dtype === "int64" && integersOf(value) !== undefined;
  });

/** Adds an input; one of 8-bit integers that are dequantized gets their scale, and is int8 inside. */
function addInput(name: string, { program, values }: Place): number {
  const quantization = values.quantization(name);
  const dtype = values.dtype(name);
  const isUnsigned = quantization !== undefined && dtype === "uint8";
  const zeroPoints = quantization?.zeroPoints.map((zero) => (isUnsigned ? zero + 128 : zero)) ?? [];
  const shape = values.shape(name);
  const tensor = program.tensor({
    name,
    type: dtype as TfliteType,
    shape,
    quantization: quantization && { ...quantization, zeroPoints },
  });
  if (!isUnsigned) {
    values.set(name, "first", tensor);
    return tensor;
  }
  const inner = program.tensor({ name: `${name}.int8`, type: "int8", shape, quantization });
  program.emit("QUANTIZE", [tensor], [inner]);
  values.set(name, "first", inner);
  return tensor;
}

/** Adds an output under its name, in the graph's layout; a copy where the tensor has another name to keep. */
function addOutput(
  name: string,
  { program, values, inputs }: Place & { readonly inputs: readonly number[] },
): number {
  const inner = values.get(name, "first");
  const { shape, quantization, data, type } = program.of(inner);
  if (values.dtype(name) === "uint8" && type === "int8" && quantization !== undefined) {
    const zeroPoints = quantization.zeroPoints.map((zero) => zero + 128);
    const unsigned = {
      name,
      type: "uint8",
      shape,
      quantization: { ...quantization, zeroPoints },
    } as const;
    const output = program.tensor(unsigned);
    program.emit("QUANTIZE", [inner], [output]);
    return output;
  }
  const isFree = !inputs.includes(inner) && data === undefined && program.isMade(inner);
  if (isFree && !program.isTaken(inner)) {
    program.take(inner, name);
    return inner;
  }
  const output = program.tensor({ name, type, shape, quantization });
  reshapeInto(program, inner, output);
  return output;
}

function writeQuantize(node: Node, { program, values }: Place): void {
  const [from = "", to = ""] = [node.inputs[0], node.outputs[0]];
  if (values.has(to)) return;
  const quantization = values.quantization(to);
  if (quantization === undefined) {
    throw refusal(node, "activations need one constant scale and 8-bit integers");
  }
  const layout = values.native(from);
  const float = values.get(from, layout);
  const { shape } = program.of(float);
  const tensor = program.tensor({ name: to, type: "int8", shape, quantization });
  program.emit("QUANTIZE", [float], [tensor]);
  values.set(to, layout, tensor);
}

function checkDequantize(node: Node, values: Values): void {
  const [name = ""] = node.outputs;
  if (values.integers(name) !== undefined || values.constant(name) !== undefined) return;
  throw refusal(node, "activations need one constant scale and 8-bit integers");
}
