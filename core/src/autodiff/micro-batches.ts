import type { GraphBuilder } from "../graph/builder.ts";
import { graphBuilder, int } from "../graph/builder.ts";
import type { Dim, Graph } from "../graph/graph.ts";
import { renameValues } from "../graph/rename.ts";
import { i64 } from "../graph/tensor.ts";
import { EdgeloopError } from "../platform/errors.ts";
import { seedName } from "./dropout.ts";
import type { Emitter } from "./emitter.ts";
import { castTo, emitter } from "./emitter.ts";
import type { RunningStatistic } from "./training-mode.ts";

/** Most parts that a batch is split into: each is a copy of forward and backward pass. */
export const microBatchesMax = 256;

/** A forward and backward pass over a batch. */
export type WholeBatch = {
  /** Without outputs; `loss` and the gradients are values of it. */
  readonly graph: Graph;
  /** By parameter. */
  readonly gradients: ReadonlyMap<string, string>;
  readonly statistics: readonly RunningStatistic[];
  /** The input that the gradient of `loss` starts from. */
  readonly share: string;
  /** The batch axis. */
  readonly batch: Dim;
  /** Emits how much examples count for, all together, from their targets and weights. */
  total(emit: Emitter, of: (name: string) => string): string;
};

/** The same of a batch in parts. */
export type SplitBatch = Pick<WholeBatch, "gradients" | "statistics"> & {
  readonly builder: GraphBuilder;
};

/** Apart enough that the parts' masks have nothing to do with those of other steps. */
const seedStride = 715_827_883;

/** Below this sum of weights a batch counts as empty. */
const weightSumMin = 1e-12;

/**
 * Splits a batch along its first axis and runs the parts one after the other, adding up their gradients: the memory of
 * one part, the gradients of the whole batch.
 *
 * A part begins when the gradients of the one before it are there: its inputs first pass a choice between themselves
 * and themselves that looks at those gradients, so that no runtime starts it earlier. Each part counts as much as its
 * examples weigh. Statistics of normalizations are a part's own, and the running ones move towards their mean; dropout
 * draws other masks than for a whole batch.
 *
 * @throws `MICRO_BATCHES_INVALID` for a count that is no whole number from 2 to {@link microBatchesMax}, or a model whose
 *   batch axis has a fixed size.
 */
export function microBatched(whole: WholeBatch, count: number): SplitBatch {
  check(whole, count);
  const { graph, share } = whole;
  const builder = graphBuilder({
    ...graph,
    inputs: graph.inputs.filter(({ name }) => name !== share),
    nodes: [],
  });
  const emit = emitter(builder, "micro");
  const parts = partsOf(emit, whole, count);
  const shares = sharesOf(emit, whole, parts);
  const shared = new Set([...graph.inputs.map(({ name }) => name), ...graph.initializers.keys()]);
  const nameIn = (part: number, name: string): string =>
    parts[part]?.get(name) ?? (shared.has(name) ? name : `micro${part}/${name}`);
  let sums: ReadonlyMap<string, string> = new Map();
  let loss: string | undefined;
  for (const [part, inputs] of parts.entries()) {
    inputs.set(share, shares[part] ?? "");
    if (sums.size > 0) startAfter(emit, { whole, inputs, done: [...sums.values()] });
    for (const node of renameValues(graph, (name) => nameIn(part, name)).nodes) {
      builder.push({ ...node, name: `micro${part}/${node.name}` });
    }
    const own = emit.op("Mul", [nameIn(part, "loss"), shares[part] ?? ""]);
    loss = loss === undefined ? own : emit.op("Add", [loss, own]);
    sums = added(emit, sums, (name) => nameIn(part, name), whole.gradients);
  }
  emit.named("loss", "Identity", [loss ?? ""]);
  const statistics = whole.statistics.map((each) => {
    const all = parts.map((_, part) => nameIn(part, each.batch));
    const sum = all.reduce((a, b) => emit.op("Add", [a, b]));
    return { ...each, batch: emit.op("Mul", [sum, emit.number(1 / count, "float32")]) };
  });
  return { builder, gradients: sums, statistics };
}

function check({ batch }: WholeBatch, count: number): void {
  const isCount = Number.isInteger(count) && count >= 2 && count <= microBatchesMax;
  if (isCount && typeof batch === "string") return;
  throw new EdgeloopError(
    "MICRO_BATCHES_INVALID",
    isCount
      ? `a batch of the fixed size ${batch} cannot be split: give the model a named batch axis`
      : `a batch can be split into 2 to ${microBatchesMax} parts, not ${count}`,
    { details: { batch, count } },
  );
}

/** Names of the inputs that have the batch axis. */
const batched = ({ graph, batch }: WholeBatch): readonly string[] =>
  graph.inputs.filter(({ shape }) => shape?.[0] === batch).map(({ name }) => name);

/** What each part reads in the place of an input. */
function partsOf(emit: Emitter, whole: WholeBatch, count: number): readonly Map<string, string>[] {
  const parts = Array.from({ length: count }, () => new Map<string, string>());
  for (const name of batched(whole)) {
    const slices = emit.ops("Split", [name], count, { axis: int(0), num_outputs: int(count) });
    for (const [part, slice] of slices.entries()) parts[part]?.set(name, slice);
  }
  if (whole.graph.inputs.some(({ name }) => name === seedName)) {
    for (const [part, inputs] of parts.entries()) {
      if (part === 0) continue;
      inputs.set(seedName, emit.op("Add", [seedName, emit.tensor(i64([part * seedStride], []))]));
    }
  }
  return parts;
}

/** What each part counts for in the whole: the shares add up to 1. */
function sharesOf(
  emit: Emitter,
  whole: WholeBatch,
  parts: readonly ReadonlyMap<string, string>[],
): readonly string[] {
  const totals = parts.map((inputs) => whole.total(emit, (name) => inputs.get(name) ?? name));
  const all = totals.reduce((a, b) => emit.op("Add", [a, b]));
  const divisor = emit.op("Max", [all, emit.number(weightSumMin, "float32")]);
  return totals.map((total) => emit.op("Div", [total, divisor]));
}

/** Lets no float input of a part pass before the sums of the parts before it are made. */
function startAfter(
  emit: Emitter,
  at: {
    readonly whole: WholeBatch;
    readonly inputs: Map<string, string>;
    readonly done: readonly string[];
  },
): void {
  const looks = at.done.map((sum) => emit.op("ReduceSum", [sum], { keepdims: int(0) }));
  const has = emit.op("Cast", [looks.reduce((a, b) => emit.op("Add", [a, b]))], castTo("bool"));
  for (const { name, dtype } of at.whole.graph.inputs) {
    const slice = at.inputs.get(name);
    const isOne = slice !== undefined && (dtype === "float32" || dtype === "int64");
    if (isOne && name !== at.whole.share)
      at.inputs.set(name, emit.op("Where", [has, slice, slice]));
  }
}

const added = (
  emit: Emitter,
  sums: ReadonlyMap<string, string>,
  nameOf: (name: string) => string,
  gradients: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> =>
  new Map(
    [...gradients].map(([parameter, gradient]) => {
      const sum = sums.get(parameter);
      const own = nameOf(gradient);
      return [parameter, sum === undefined ? own : emit.op("Add", [sum, own])];
    }),
  );
