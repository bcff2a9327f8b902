import type { Tensors } from "@edgeloop/core/graph";
import { decodeSafetensors, encodeSafetensors } from "@edgeloop/core/graph";
import type { BlobRef, BlobStore, Clock, Name } from "@edgeloop/core/platform";
import type { Histogram } from "@edgeloop/core/statistics";
import { mergeHistograms } from "@edgeloop/core/statistics";
import type { Plan } from "./plan.ts";
import type { UpdateRecord } from "./round-events.ts";
import type { CalibrationResult } from "./round-messages.ts";
import { fedAvg } from "./strategies/fed-avg.ts";

/** What aggregating works with. */
export type AggregatePorts = {
  readonly blobs: BlobStore;
  readonly updates: BlobStore;
  readonly clock: Clock;
  readonly restMs: number;
  /** Ends the rests when the coordinator stops; what was summed is summed again after the restart. */
  readonly signal: AbortSignal;
};

/**
 * Sums the updates of a round and stores the next parameters.
 *
 * Streams one update at a time, in O(model) memory. Starting again after a kill gives the same bits.
 *
 * @throws `BLOB_MISSING`, `UPDATE_SHAPE_MISMATCH` and what else `checkUpdate` throws
 */
export async function aggregate(
  plan: Plan,
  cohort: ReadonlyMap<Name, UpdateRecord>,
  { blobs, updates, clock, restMs, signal }: AggregatePorts,
): Promise<BlobRef> {
  const { momentum } = plan;
  const strategy = fedAvg(plan.limits, { momentum: momentum?.factor ?? 0 });
  const state = {
    ...strategy.init(await readTensors(blobs, plan.base)),
    ...(momentum ? { previous: await readTensors(blobs, momentum.previous) } : {}),
  };
  const sum = strategy.begin(state);
  for (const [, { payload, examples }] of [...cohort].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    strategy.add(sum, await readTensors(updates, payload), examples);
    if (restMs > 0) await clock.sleep(restMs, signal);
  }
  const { model } = strategy.finish(state, sum);
  return blobs.put(encodeSafetensors(new Map(Object.entries(model))));
}

/** Reads a safetensors blob. @throws `BLOB_MISSING`, `SAFETENSORS_INVALID` */
export async function readTensors(blobs: BlobStore, ref: BlobRef): Promise<Tensors> {
  return Object.fromEntries(decodeSafetensors(await blobs.get(ref.sha256)));
}

/** Merges the histograms of devices, output by output; the order does not matter. */
export function mergeCalibrations(
  results: readonly CalibrationResult[],
  observed: readonly string[],
): Readonly<Record<string, Histogram>> {
  const byName = results.map(({ histograms }) => new Map(Object.entries(histograms)));
  return Object.fromEntries(
    observed.map((name) => [
      name,
      mergeHistograms(byName.flatMap((histograms) => histograms.get(name) ?? [])),
    ]),
  );
}
