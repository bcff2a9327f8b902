import { bufferHeap } from "./buffer-heap.ts";
import { byteLengthOf } from "./dtypes.ts";
import { executionOrder } from "./execution-order.ts";
import type { Graph, Node } from "./graph.ts";
import { inferValues } from "./infer.ts";
import { readsOf } from "./reads.ts";

/** Gives numbers to named dimensions; those without one count as 1. */
export type Sizes = Readonly<Record<string, number>>;

/** Operators that give out what they take in under another shape: never a new buffer. */
const views: ReadonlySet<string> = new Set([
  "Reshape",
  "Flatten",
  "Squeeze",
  "Unsqueeze",
  "Identity",
]);

/** Operators that write over an input of the same size that nothing reads after them; how many of their inputs. */
const inPlace: ReadonlyMap<string, number> = new Map([
  ...["Add", "Sub", "Mul", "Div"].map((op) => [op, 2] as const),
  ...["Relu", "Sigmoid", "Tanh", "Exp", "Neg", "Abs", "Sqrt", "Reciprocal", "Log", "Clip"].map(
    (op) => [op, 1] as const,
  ),
  ...["Elu", "LeakyRelu", "Softplus", "Softsign", "Softmax", "LogSoftmax", "Erf"].map(
    (op) => [op, 1] as const,
  ),
]);

/** Operators whose kernels take buffers of their result's size for a moment: Where, one for each of its choices. */
const scratchBuffers: ReadonlyMap<string, number> = new Map([["Where", 2]]);

/**
 * Gives named dimensions their sizes, so that every shape that follows from them is known.
 *
 * @param sizes One that has none counts as 1.
 */
export const withSizes = (graph: Graph, sizes: Sizes): Graph => ({
  ...graph,
  inputs: graph.inputs.map((info) =>
    info.shape === undefined
      ? info
      : {
          ...info,
          shape: info.shape.map((dim) => (typeof dim === "number" ? dim : (sizes[dim] ?? 1))),
        },
  ),
});

/**
 * Simulates which buffers one run takes, in the order in which onnxruntime runs the nodes, and how far its heap grows.
 *
 * Inputs, initialisers and outputs are the caller's and not counted. A buffer is given back after its last reader;
 * operators that only reshape share it, element-wise ones write over an input that nobody else needs. Of what kernels
 * take for themselves for a moment only Where's is known here.
 *
 * @throws What `inferValues` throws.
 * @returns Bytes.
 */
export function peakMemory(graph: Graph, sizes: Sizes = {}): number {
  const sized = withSizes(graph, sizes);
  const values = inferValues(sized);
  const bytesOf = (name: string): number => {
    const { dtype, shape } = values.get(name) ?? {};
    if (dtype === undefined || shape === undefined) return 0;
    return byteLengthOf(
      dtype,
      shape.map((dim) => (typeof dim === "number" ? dim : 1)),
    );
  };
  const order = executionOrder(sized);
  const lastUse = new Map<string, Node>();
  const readers = new Map<string, number>();
  for (const node of order) {
    for (const name of [...node.outputs, ...readsOf(node)]) lastUse.set(name, node);
    for (const name of readsOf(node)) readers.set(name, (readers.get(name) ?? 0) + 1);
  }
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const run: Run = { heap: bufferHeap(), bytesOf, lastUse, readers, outputs, buffers: new Map() };
  for (const node of order) runNode(run, node);
  return run.heap.peak();
}

/** A buffer and how many values live in it. */
type Buffer = { readonly block: ReturnType<ReturnType<typeof bufferHeap>["take"]>; users: number };
type Run = {
  readonly heap: ReturnType<typeof bufferHeap>;
  readonly bytesOf: (name: string) => number;
  readonly lastUse: ReadonlyMap<string, Node>;
  readonly readers: ReadonlyMap<string, number>;
  readonly outputs: ReadonlySet<string>;
  readonly buffers: Map<string, Buffer>;
};

function runNode(run: Run, node: Node): void {
  takeBuffers(run, node);
  const scratch = Array.from({ length: scratchBuffers.get(node.op) ?? 0 }, () =>
    run.heap.take(run.bytesOf(node.outputs[0] ?? "")),
  );
  for (const block of scratch) run.heap.give(block);
  for (const name of new Set([...node.outputs, ...readsOf(node)])) {
    const buffer = run.buffers.get(name);
    if (buffer === undefined || run.lastUse.get(name) !== node) continue;
    run.buffers.delete(name);
    buffer.users -= 1;
    if (buffer.users === 0) run.heap.give(buffer.block);
  }
}

function takeBuffers(run: Run, node: Node): void {
  for (const [index, name] of node.outputs.entries()) {
    if (name === "" || run.outputs.has(name)) continue;
    const shared = index === 0 ? sharedBuffer(run, node, name) : undefined;
    if (shared) shared.users += 1;
    run.buffers.set(name, shared ?? { block: run.heap.take(run.bytesOf(name)), users: 1 });
  }
}

function sharedBuffer(run: Run, node: Node, output: string): Buffer | undefined {
  if (views.has(node.op)) return run.buffers.get(node.inputs[0] ?? "");
  if (node.op === "Conv") return addedTo(run, output);
  if (node.op === "Add" && isOneBuffer(run, node)) return run.buffers.get(node.inputs[0] ?? "");
  const candidates = node.inputs.slice(0, inPlace.get(node.op) ?? 0);
  const found = candidates.find(
    (name) =>
      run.lastUse.get(name) === node &&
      run.buffers.get(name)?.users === 1 &&
      run.bytesOf(name) === run.bytesOf(output),
  );
  return run.buffers.get(found ?? "");
}

/** A convolution that is only added to something writes its result over that: onnxruntime makes one operator of both. */
function addedTo(run: Run, output: string): Buffer | undefined {
  const reader = run.lastUse.get(output);
  const readers = run.readers.get(output) ?? 0;
  if (reader?.op !== "Add" || readers > 1) return undefined;
  const other = reader.inputs.find((name) => name !== output) ?? "";
  const buffer = run.buffers.get(other);
  const isFree = buffer?.users === 1 && run.lastUse.get(other) === reader;
  return isFree && run.bytesOf(other) === run.bytesOf(output) ? buffer : undefined;
}

const isOneBuffer = ({ buffers }: Run, { inputs }: Node): boolean => {
  const [one, two] = inputs.map((name) => buffers.get(name));
  return one !== undefined && one === two;
};
