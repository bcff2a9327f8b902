import type { Tensors } from "../graph/tensor.ts";
import { scalar } from "../graph/tensor.ts";
import type { Session } from "../runtime/session.ts";

/** What importance is measured with. */
export type ImportanceOptions = {
  /** A step of gradient descent without momentum, decay or clipping: what it takes away is the gradient. */
  readonly session: Session;
  /** What the step starts from. */
  readonly initial: Tensors;
  readonly parameters: readonly string[];
  /** Feeds of the step, batch by batch; at least one. */
  readonly batches: readonly Tensors[];
};

/**
 * Measures how much each parameter matters to a loss: the squared length of its gradient, averaged over batches. So
 * much would the loss fall, to first order, if that parameter alone took a small step.
 */
export async function measureImportance({
  session,
  initial,
  parameters,
  batches,
}: ImportanceOptions): Promise<ReadonlyMap<string, number>> {
  const sums = new Map(parameters.map((name) => [name, 0]));
  const outputs = parameters.map((name) => `${name}.next`);
  for (const batch of batches) {
    const feeds = { ...initial, ...batch, learningRate: scalar(1) };
    const found = await session.run(feeds, outputs);
    for (const name of parameters) {
      const change = squaredDistance(initial[name]?.data, found[`${name}.next`]?.data);
      sums.set(name, (sums.get(name) ?? 0) + change / batches.length);
    }
  }
  return sums;
}

function squaredDistance(one: unknown, two: unknown): number {
  const [a, b] = [one as Float32Array, two as Float32Array];
  let sum = 0;
  for (let at = 0; at < a.length; at += 1) sum += ((a[at] ?? 0) - (b[at] ?? 0)) ** 2;
  return sum;
}
