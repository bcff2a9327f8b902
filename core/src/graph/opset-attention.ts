import { EdgeloopError } from "../platform/errors.ts";
import { floatOf, intOf } from "./attributes.ts";
import type { Attributes, GraphBuilder } from "./builder.ts";
import { graphBuilder, int, ints } from "./builder.ts";
import type { Graph, Node } from "./graph.ts";
import { inferKnown } from "./infer.ts";
import type { Tensor } from "./tensor.ts";
import { f32, i64 } from "./tensor.ts";

const isAttention = ({ op, domain }: Node): boolean => domain === undefined && op === "Attention";

/**
 * Writes Attention out by its definition: it came with opset 23, and runtimes of opset 21 do not have it. Inputs of
 * three and of four axes, keys shared by several heads, masks, a causal one too, a scale and a soft cap are read.
 *
 * @param reserved Names that are taken around the graph.
 * @throws `ONNX_OPSET_UNSUPPORTED` for one with a cache of keys and values, or that gives its scores.
 * @see https://onnx.ai/onnx/operators/onnx__Attention.html
 */
export function normaliseAttention(graph: Graph, reserved: ReadonlySet<string>): Graph {
  if (!graph.nodes.some(isAttention)) return graph;
  const builder = graphBuilder({ ...graph, nodes: [] }, reserved);
  for (const node of graph.nodes) {
    if (isAttention(node)) writeOut(siteOf(builder, node));
    else builder.push(node);
  }
  return builder.build();
}

const refused = (node: Node, why: string): EdgeloopError =>
  new EdgeloopError("ONNX_OPSET_UNSUPPORTED", `${node.op} ${why}`, {
    details: { op: node.op, node: node.name },
  });

/** A node in its place, with what is known of the values before it. */
type Site = {
  readonly node: Node;
  readonly values: ReturnType<typeof inferKnown>;
  readonly emit: (op: string, inputs: readonly string[], attributes?: Attributes) => string;
  readonly list: (...values: number[]) => string;
  readonly number: (value: number) => string;
};

function siteOf(builder: GraphBuilder, node: Node): Site {
  if (node.inputs.slice(4).some((name) => name !== "")) {
    throw refused(node, "with a cache of keys and values is not read");
  }
  if (node.outputs.slice(1).some((name) => name !== "")) {
    throw refused(node, "that gives its cache or its scores is not read");
  }
  const stem = node.outputs[0] ?? node.name;
  const values = inferKnown(builder.build());
  const isDouble = values.get(node.inputs[0] ?? "")?.dtype === "float64";
  const constant = (tensor: Tensor): string => builder.constant(tensor, `${stem}.number`);
  return {
    node,
    values,
    emit: (op, inputs, attributes = {}) =>
      builder.add(op, inputs, {
        attributes,
        name: `${stem}.${op.toLowerCase()}`,
        ...(op === "Identity" ? { outputs: [stem] } : {}),
      }),
    list: (...numbers) => constant(i64(numbers)),
    number: (value) =>
      constant(
        isDouble ? { dtype: "float64", shape: [], data: Float64Array.of(value) } : f32([value], []),
      ),
  };
}

const swap = (site: Site, value: string, perm: readonly number[]): string =>
  site.emit("Transpose", [value], { perm: ints(perm) });

function writeOut(site: Site): void {
  const { node, emit, list, number } = site;
  const [heads, shared] = headsOf(site);
  const isFlat = intOf(node, "q_num_heads", 0) > 0;
  const apart = (index: number, count: number | undefined): string => {
    const name = node.inputs[index] ?? "";
    if (!isFlat) return name;
    return swap(site, emit("Reshape", [name, list(0, 0, count ?? 1, -1)]), [0, 2, 1, 3]);
  };
  const query = apart(0, heads);
  const [keys = "", content = ""] = [1, 2].map((index) =>
    repeated(site, apart(index, shared), heads, shared),
  );
  const scores = emit("MatMul", [scaled(site, query), swap(site, keys, [0, 1, 3, 2])]);
  const cap = floatOf(node, "softcap", 0);
  const capped =
    cap === 0
      ? scores
      : emit("Mul", [emit("Tanh", [emit("Div", [scores, number(cap)])]), number(cap)]);
  const weights = emit("Softmax", [causal(site, masked(site, capped))], { axis: int(-1) });
  const result = emit("MatMul", [weights, content]);
  emit("Identity", [
    isFlat ? emit("Reshape", [swap(site, result, [0, 2, 1, 3]), list(0, 0, -1)]) : result,
  ]);
}

/** Heads of queries and of keys; undefined where nothing says how many. */
function headsOf({ node, values }: Site): readonly [number | undefined, number | undefined] {
  const given = ["q_num_heads", "kv_num_heads"].map((name) => intOf(node, name, 0));
  const found = given.map((count, index) => {
    const dim = values.get(node.inputs[index] ?? "")?.shape?.[1];
    if (count > 0) return count;
    return typeof dim === "number" ? dim : undefined;
  });
  return [found[0], found[1]];
}

/** Gives every head of the queries the head of the keys that it shares with its neighbours. */
function repeated(
  { node, emit, list }: Site,
  value: string,
  heads: number | undefined,
  shared: number | undefined,
): string {
  if (heads === undefined || shared === undefined || heads === shared) return value;
  if (heads % shared !== 0) throw refused(node, `cannot share ${shared} heads among ${heads}`);
  const places = Array.from({ length: heads }, (_, head) => Math.floor((head * shared) / heads));
  return emit("Gather", [value, list(...places)], { axis: int(1) });
}

/** The queries times the scale: that which is given, or one over the root of their length. */
function scaled({ node, emit, list, number, values }: Site, query: string): string {
  if (node.attributes["scale"] !== undefined) {
    return emit("Mul", [query, number(floatOf(node, "scale", 1))]);
  }
  const length = emit("Slice", [emit("Shape", [query]), list(3), list(4)]);
  const isDouble = values.get(node.inputs[0] ?? "")?.dtype === "float64";
  const root = emit("Sqrt", [emit("Cast", [length], { to: int(isDouble ? 11 : 1) })]);
  return emit("Div", [query, root]);
}

function masked({ node, emit, number, values }: Site, scores: string): string {
  const mask = node.inputs[3] ?? "";
  if (mask === "") return scores;
  const dtype = values.get(mask)?.dtype;
  if (dtype === undefined) throw refused(node, `needs a mask whose type is known, not ${mask}`);
  return dtype === "bool"
    ? emit("Where", [mask, scores, number(Number.NEGATIVE_INFINITY)])
    : emit("Add", [scores, mask]);
}

/** Hides from each query the keys that come after it. */
function causal({ node, emit, list, number }: Site, scores: string): string {
  if (intOf(node, "is_causal", 0) === 0) return scores;
  const size = emit("Slice", [emit("Shape", [scores]), list(2), list(4)]);
  const past = emit("Trilu", [emit("Expand", [number(1), size])], { upper: int(0) });
  const isPast = emit("Greater", [past, number(0)]);
  return emit("Where", [isPast, scores, number(Number.NEGATIVE_INFINITY)]);
}
