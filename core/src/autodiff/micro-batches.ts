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
 * A part begins when the gradients of the one before it are there: where it starts in the batch first passes a choice
 * between itself and itself that looks at those gradients, so that no runtime starts it earlier. Each part counts as much as its
 * examples weigh. Statistics of normalizations are a part's own, and the running ones move towards their mean; dropout
 * draws other masks than for a whole batch. Parts are even; with fewer examples than parts one is empty, and the loss
 * no number.
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
  const cut = cutter(emit, whole, count);
  const shares = sharesOf(
    emit,
    whole,
    Array.from({ length: count }, (_, part) => cut(part)),
  );
  const shared = new Set([...graph.inputs.map(({ name }) => name), ...graph.initializers.keys()]);
  const nameIn = (part: number, name: string): string =>
    shared.has(name) ? name : `micro${part}/${name}`;
  let sums: ReadonlyMap<string, string> = new Map();
  let loss: string | undefined;
  for (const [part, weighs] of shares.entries()) {
    const inputs = cut(part, [...sums.values()]);
    const nameOf = (name: string): string => {
      if (name === share) return weighs;
      return inputs.get(name) ?? nameIn(part, name);
    };
    for (const node of renameValues(graph, nameOf).nodes) {
      builder.push({ ...node, name: `micro${part}/${node.name}` });
    }
    const own = emit.op("Mul", [nameOf("loss"), weighs]);
    loss = loss === undefined ? own : emit.op("Add", [loss, own]);
    sums = added(emit, { sums, nameOf, gradients: whole.gradients });
  }
  emit.named("loss", "Identity", [loss ?? ""]);
  const statistics = whole.statistics.map((each) => {
    const all = shares.map((_, part) => nameIn(part, each.batch));
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

/** Gives what a part reads in the place of inputs; after certain values are made, when they are named. */
type Cut = (part: number, done?: readonly string[]) => ReadonlyMap<string, string>;

function cutter(emit: Emitter, whole: WholeBatch, count: number): Cut {
  const names = batched(whole);
  const draws = whole.graph.inputs.some(({ name }) => name === seedName);
  const whole64 = (value: number): string => emit.tensor(i64([value]));
  const rows = emit.op("Gather", [emit.op("Shape", [names[0] ?? ""]), emit.ints([0])]);
  // Even parts: none is empty when there are as many examples as parts.
  const border = (part: number): string => {
    const scaled = emit.op("Mul", [rows, whole64(part)]);
    return emit.op("Div", [emit.op("Add", [scaled, whole64(count - 1)]), whole64(count)]);
  };
  return (part, done = []) => {
    const first = border(part);
    const start = done.length === 0 ? first : onceMade(emit, first, done);
    const end = border(part + 1);
    const cuts = names.map((name) => {
      return [name, emit.op("Slice", [name, start, end, emit.ints([0])])] as const;
    });
    const seed = emit.tensor(i64([part * seedStride], []));
    return new Map([
      ...cuts,
      ...(draws && part > 0 ? [[seedName, emit.op("Add", [seedName, seed])] as const] : []),
    ]);
  };
}

/** The same number, which no runtime knows before the values are made. */
function onceMade(emit: Emitter, value: string, done: readonly string[]): string {
  const looks = done.map((name) => emit.op("ReduceSum", [name], { keepdims: int(0) }));
  const has = emit.op("Cast", [looks.reduce((a, b) => emit.op("Add", [a, b]))], castTo("bool"));
  return emit.op("Where", [has, value, value]);
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

const added = (
  emit: Emitter,
  {
    sums,
    nameOf,
    gradients,
  }: {
    readonly sums: ReadonlyMap<string, string>;
    readonly nameOf: (name: string) => string;
    readonly gradients: ReadonlyMap<string, string>;
  },
): ReadonlyMap<string, string> =>
  new Map(
    [...gradients].map(([parameter, gradient]) => {
      const sum = sums.get(parameter);
      const own = nameOf(gradient);
      return [parameter, sum === undefined ? own : emit.op("Add", [sum, own])];
    }),
  );

/** How a training step splits a batch; an option that carries its code, so that only who uses it loads it. */
export type MicroBatching = { readonly parts: number; readonly apply: typeof microBatched };

/** Takes a training step's batch in so many parts, one after the other; 1 takes it whole. */
export const microBatching = (parts: number): MicroBatching => ({ parts, apply: microBatched });
