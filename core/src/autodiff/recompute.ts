import { int } from "../graph/builder.ts";
import { byteLengthOf } from "../graph/dtypes.ts";
import type { Graph, Node, ValueInfo } from "../graph/graph.ts";
import { readsOf } from "../graph/reads.ts";
import { renameValues } from "../graph/rename.ts";
import type { DType } from "../graph/tensor.ts";
import type { Emitter } from "./emitter.ts";
import { castTo } from "./emitter.ts";

/** Forward values that are made again on the way back instead of being kept. */
export type Recompute = {
  /**
   * Gives a forward node as its gradient is to see it: with what is made again in the place of what was let go.
   *
   * @param ups Gradients that arrive at its outputs.
   */
  seen(node: Node, ups: readonly (string | undefined)[]): Node;
  /** What a value that is made again was first. */
  original(name: string): string;
};

/** Keeps everything. */
export const keepAll: Recompute = { seen: (node) => node, original: (name) => name };

/** What a recomputation is of. */
export type RecomputeOptions = {
  readonly graph: Pick<Graph, "nodes" | "initializers">;
  readonly values: ReadonlyMap<string, Omit<ValueInfo, "name">>;
  /** In how many parts the forward pass is cut; what passes between them, and all of the last, is kept. */
  readonly segments: number;
};

/**
 * Cuts a forward pass into segments, and makes each but the last again just before its gradients need it.
 *
 * A runtime that merges equal nodes would undo that, and one that orders nodes by need might do it far too early. So
 * where a copy begins, one of its smallest inputs first passes a choice between itself and itself that looks at the
 * gradient which arrives: the copy's nodes differ from the first ones and cannot run before that gradient is there, and
 * no bit of a result changes.
 *
 * @see Chen et al. 2016, arXiv:1604.06174.
 */
export function recompute(emit: Emitter, options: RecomputeOptions): Recompute {
  const segments = segmentsOf(options);
  const owner = new Map(
    segments.flatMap((segment) => segment.nodes.map((node) => [node, segment])),
  );
  const copies = new Map<Segment, ReadonlyMap<string, string>>();
  const originals = new Map<string, string>();
  const copyOf = (segment: Segment, arrives: string): ReadonlyMap<string, string> => {
    const known = copies.get(segment);
    if (known !== undefined) return known;
    const names = emitCopy(emit, { segment, arrives, options });
    copies.set(segment, names);
    for (const [name, again] of names) originals.set(again, name);
    return names;
  };
  return {
    original: (name) => originals.get(name) ?? name,
    seen(node, ups) {
      const segment = owner.get(node);
      const arrives = ups.find((up) => up !== undefined);
      if (segment === undefined || arrives === undefined) return node;
      const names = copyOf(segment, arrives);
      return renamed(node, (name) => names.get(name) ?? name);
    },
  };
}

/** Nodes that are made again, and those of their values that nothing but they and their gradients read. */
type Segment = { readonly nodes: readonly Node[]; readonly inner: ReadonlySet<string> };

/** Cuts where the least passes, near to where even shares of all bytes would end; the last part is left out. */
function segmentsOf({ graph: { nodes }, values, segments }: RecomputeOptions): readonly Segment[] {
  const bytes = bytesIn(values);
  const lastRead = new Map<string, number>();
  for (const [at, node] of nodes.entries())
    for (const name of readsOf(node)) lastRead.set(name, at);
  const made = nodes.map(({ outputs }) => outputs.reduce((size, name) => size + bytes(name), 0));
  const passing = passingBytes(nodes, lastRead, bytes);
  const total = made.reduce((a, b) => a + b, 0);
  const cuts: number[] = [];
  let sum = 0;
  let [best, bestBytes] = [-1, Number.POSITIVE_INFINITY];
  for (const at of nodes.keys()) {
    sum += made[at] ?? 0;
    const goal = ((cuts.length + 1) * total) / segments;
    const slack = total / (2 * segments);
    const crosses = passing[at] ?? 0;
    if (sum >= goal - slack && crosses < bestBytes) [best, bestBytes] = [at, crosses];
    if (sum < goal + slack || best < 0 || cuts.length === segments - 1) continue;
    cuts.push(best + 1);
    [best, bestBytes] = [-1, Number.POSITIVE_INFINITY];
  }
  return cuts.map((end, index) => {
    const start = cuts[index - 1] ?? 0;
    const own = nodes.slice(start, end);
    const inner = own
      .flatMap(({ outputs }) => outputs)
      .filter((name) => name !== "" && (lastRead.get(name) ?? start) < end);
    return { nodes: own, inner: new Set(inner) };
  });
}

/** Bytes that are made up to a node and read after it, for each node. */
function passingBytes(
  nodes: readonly Node[],
  lastRead: ReadonlyMap<string, number>,
  bytes: (name: string) => number,
): readonly number[] {
  const ends = new Array<number>(nodes.length).fill(0);
  let live = 0;
  return nodes.map(({ outputs }, at) => {
    for (const name of outputs) {
      const end = lastRead.get(name) ?? at;
      if (end <= at) continue;
      live += bytes(name);
      ends[end] = (ends[end] ?? 0) + bytes(name);
    }
    live -= ends[at] ?? 0;
    return live;
  });
}

/** Bytes of one example: the batch counts as 1. */
const bytesIn =
  (values: RecomputeOptions["values"]) =>
  (name: string): number => {
    const { dtype, shape } = values.get(name) ?? {};
    if (dtype === undefined || shape === undefined) return 0;
    return byteLengthOf(
      dtype,
      shape.map((dim) => (typeof dim === "number" ? dim : 1)),
    );
  };

/** Dtypes that every runtime chooses between with Where. */
const choosable: ReadonlySet<DType> = new Set(["float32", "int64", "int32", "uint8"]);

/** Operators whose result costs nothing: merged with the first of their kind they do no harm. */
const free: ReadonlySet<string> = new Set([
  ...["Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity", "Shape", "Size"],
]);

function emitCopy(
  emit: Emitter,
  at: {
    readonly segment: Segment;
    readonly arrives: string;
    readonly options: RecomputeOptions;
  },
): ReadonlyMap<string, string> {
  const { segment, arrives, options } = at;
  const { builder } = emit;
  const names = new Map<string, string>();
  for (const name of segment.nodes.flatMap(({ outputs }) => outputs)) {
    if (name !== "") names.set(name, builder.fresh(`${name}/again`));
  }
  const sum = emit.op("ReduceSum", [arrives], { keepdims: int(0) });
  const has = emit.op("Cast", [sum], castTo("bool"));
  const chosen = new Map<string, string>();
  const after = (name: string): string => {
    const known = chosen.get(name) ?? emit.op("Where", [has, name, name]);
    chosen.set(name, known);
    return known;
  };
  const own = new Set<string>();
  for (const node of segment.nodes) {
    const first = node.inputs.some((name) => own.has(name)) ? undefined : smallest(node, options);
    const copy = renamed(node, (name) => names.get(name) ?? name);
    const inputs = copy.inputs.map((name, index) => (index === first ? after(name) : name));
    builder.push({ ...copy, name: builder.fresh(`${node.name}/again`), inputs });
    if (first !== undefined || node.inputs.some((name) => own.has(name))) {
      for (const name of node.outputs) own.add(name);
    }
  }
  return new Map([...names].filter(([name]) => segment.inner.has(name)));
}

/** The input of a node that is tied to the gradient: the smallest one that can be chosen. */
function smallest(node: Node, { values, graph }: RecomputeOptions): number | undefined {
  if (free.has(node.op)) return undefined;
  const infoOf = (name: string) => values.get(name) ?? graph.initializers.get(name);
  const bytes = bytesIn(values);
  const found = node.inputs
    .map((name, index) => ({ name, index, size: bytes(name) }))
    .filter(({ name }) => choosable.has(infoOf(name)?.dtype ?? "bool"))
    .toSorted((a, b) => a.size - b.size);
  return found[0]?.index;
}

const renamed = (node: Node, nameOf: (name: string) => string): Node =>
  renameValues(
    { name: "", inputs: [], outputs: [], nodes: [node], initializers: new Map() },
    nameOf,
  ).nodes[0] ?? node;

/** How a training step makes activations again; an option that carries its code, so that only who uses it loads it. */
export type Recomputing = { readonly segments: number; readonly apply: typeof recompute };

/** Cuts a training step's forward pass in so many parts, of which all but the last are made again; 1 keeps everything. */
export const recomputing = (segments: number): Recomputing => ({ segments, apply: recompute });
