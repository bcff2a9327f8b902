import type { Participant, Plan, Readiness } from "@edgeloop/cloud-sync";
import { isHeldOut } from "@edgeloop/cloud-sync";
import { readManifest } from "@edgeloop/core/bundle";
import type { Label } from "@edgeloop/core/data";
import { labelFor } from "@edgeloop/core/data";
import type { BlobRef, BlobStore, Log } from "@edgeloop/core/platform";
import { EdgeloopError } from "@edgeloop/core/platform";
import type { Backend } from "@edgeloop/core/runtime";
import type { DiskGuard } from "./disk-guard.ts";
import type { LearnerApi, LearnerStart, ModelBytes } from "./learner-protocol.ts";
import type { LearningStore, SealedEntry } from "./learning-store.ts";
import { windowsPerMessageMax } from "./limits.ts";

/** Starts the learner for one piece of work and ends it afterwards; a killed learner starts again. */
export type Learner = {
  /** @throws `LEARNER_FAILED` when it died too often, and what the work throws. */
  use<T>(work: (api: LearnerApi) => Promise<T>, signal: AbortSignal): Promise<T>;
};

/** What taking part in rounds needs. */
export type ParticipantOptions = {
  readonly fleet: string;
  readonly line: string;
  /** The slice that this gateway's windows belong to. */
  readonly slice: string;
  /** Sensors whose data and labels a range has to be complete for. */
  readonly sensors: readonly string[];
  readonly learning: LearningStore;
  readonly blobs: BlobStore;
  readonly disk: Pick<DiskGuard, "isFull">;
  readonly learner: Learner;
  readonly backends: () => Promise<readonly Backend[]>;
  readonly log: Log;
};

/**
 * Takes part in rounds with this gateway's own windows, which never leave it.
 *
 * The list of a campaign is written once, when data and labels are complete up to the end of its range; every round of
 * the campaign works on that list, whatever arrives later and however often the gateway starts again.
 */
export function createParticipant(options: ParticipantOptions): Participant {
  const { learning, blobs, learner } = options;

  const use = async <T>(
    plan: Plan,
    entries: readonly SealedEntry[],
    { signal, work }: { signal: AbortSignal; work: (api: LearnerApi) => Promise<T> },
  ): Promise<T> => {
    const start = await startOf(plan, blobs);
    return await learner.use(async (api) => {
      await api.begin(start);
      for (let from = 0; from < entries.length; from += windowsPerMessageMax) {
        signal.throwIfAborted();
        const some = entries.slice(from, from + windowsPerMessageMax);
        await api.add({
          data: joined(await learning.data(some)),
          targets: some.map(({ label }) => plan.classes.indexOf(label)),
        });
      }
      return await work(api);
    }, signal);
  };

  return {
    prepare: (plan) => prepare(options, plan),
    async train(plan, signal) {
      const entries = trainingEntries(plan, await sealed(learning, plan));
      const payload = await use(plan, entries, {
        signal,
        work: async (api) =>
          await api.train({
            base: await blobs.get(plan.base.sha256),
            step: await blobs.get(plan.step.graph.sha256),
          }),
      });
      return { payload, examples: entries.length };
    },
    async calibrate(plan, task, signal) {
      const entries = trainingEntries(plan, await sealed(learning, plan));
      const model = await modelBytes(blobs, task.model);
      return await use(plan, entries, { signal, work: (api) => api.calibrate(task, model) });
    },
    async evaluate(plan, task, signal) {
      const entries = evaluationEntries(plan, await sealed(learning, plan));
      const models: ModelBytes[] = [];
      for (const { model } of task.models) models.push(await modelBytes(blobs, model));
      return await use(plan, entries, {
        signal,
        work: (api) => api.evaluate(task, models, options.slice),
      });
    },
  };
}

async function prepare(options: ParticipantOptions, plan: Plan): Promise<Readiness> {
  const { learning, disk, sensors, log } = options;
  if (plan.fleet !== options.fleet || plan.line !== options.line) {
    return { kind: "declined", code: "LINE_OTHER" };
  }
  // WASM works everywhere; asking for the others starts a process to try native code in.
  const { backend } = plan.training;
  if (backend !== "wasm" && !(await options.backends()).includes(backend)) {
    return { kind: "declined", code: "BACKEND_UNAVAILABLE" };
  }
  const known = await learning.list(plan.campaign);
  if (known !== undefined) return readiness(plan, known);
  if (disk.isFull()) return { kind: "waiting", code: "DISK_FULL" };
  await learning.seal(plan.campaign, plan.data);
  for (const sensor of sensors) {
    const reach = await learning.reach(sensor);
    if (reach.windowsUntilUs < plan.data.endUs) {
      return { kind: "waiting", code: "WINDOWS_INCOMPLETE" };
    }
    if (reach.labelsUntilUs < plan.data.endUs)
      return { kind: "waiting", code: "LABELS_INCOMPLETE" };
  }
  if (!(await options.blobs.has(plan.parent))) return { kind: "waiting", code: "PARENT_MISSING" };
  const entries = await labelled(options, plan);
  await learning.writeList(plan.campaign, entries);
  log.info("list-sealed", { campaign: plan.campaign, windows: entries.length });
  return readiness(plan, (await learning.list(plan.campaign)) ?? entries);
}

function readiness(plan: Plan, entries: readonly SealedEntry[]): Readiness {
  const examples = trainingEntries(plan, entries).length;
  return examples === 0 ? { kind: "declined", code: "EXAMPLES_NONE" } : { kind: "ready", examples };
}

/** Windows inside the range whose label is a class of the plan, by sensor and time. */
async function labelled(
  { learning, sensors, blobs }: ParticipantOptions,
  plan: Plan,
): Promise<readonly SealedEntry[]> {
  const { pipeline } = await readManifest(blobs, plan.parent);
  const spanUs = Math.round((pipeline.window.lengthSamples * 1e6) / pipeline.window.rateHz);
  const entries: SealedEntry[] = [];
  for (const sensor of sensors.toSorted()) {
    const labels = await learning.labelsWithin(sensor, plan.data);
    let first = 0;
    for (const startUs of await learning.windowsWithin(sensor, plan.data)) {
      // Both are in order of time; a label may be longer than many windows, so only whole past ones are skipped.
      while ((labels[first]?.endUs ?? Number.POSITIVE_INFINITY) <= startUs) first += 1;
      const near = overlapping(labels, first, startUs + spanUs);
      const label = labelFor({ startUs }, pipeline.window, near);
      if (label === undefined || !plan.classes.includes(label)) continue;
      entries.push({ sensor, startUs, label });
    }
  }
  return entries;
}

function overlapping(labels: readonly Label[], first: number, endUs: number): readonly Label[] {
  let last = first;
  while ((labels[last]?.startUs ?? Number.POSITIVE_INFINITY) < endUs) last += 1;
  return labels.slice(first, last);
}

async function sealed(learning: LearningStore, plan: Plan): Promise<readonly SealedEntry[]> {
  const entries = await learning.list(plan.campaign);
  if (entries !== undefined) return entries;
  throw new EdgeloopError(
    "PLAN_UNPREPARED",
    "no list was sealed for this campaign: prepare first",
    {
      details: { campaign: plan.campaign },
    },
  );
}

/** What is trained on: listed, not held out, no more than the plan allows, taken evenly over the range. */
export function trainingEntries(
  plan: Plan,
  entries: readonly SealedEntry[],
): readonly SealedEntry[] {
  const kept = entries.filter(({ startUs }) => !isHeldOut(plan.data, startUs));
  return thinned(kept, Math.min(plan.limits.examplesMax, Math.floor(plan.limits.weightMax)));
}

/** What is evaluated on: the held-out part, or everything when nothing is held out; no more than the plan allows. */
export const evaluationEntries = (
  plan: Plan,
  entries: readonly SealedEntry[],
): readonly SealedEntry[] => {
  const isNoneHeldOut = plan.data.holdoutEvery === 0;
  const kept = entries.filter(({ startUs }) => isNoneHeldOut || isHeldOut(plan.data, startUs));
  return thinned(kept, plan.limits.examplesMax);
};

/** Takes so many at most, evenly over the whole. */
function thinned(entries: readonly SealedEntry[], countMax: number): readonly SealedEntry[] {
  if (entries.length <= countMax) return entries;
  return Array.from(
    { length: countMax },
    (_, index) => entries[Math.floor((index * entries.length) / countMax)],
  ).filter((entry) => entry !== undefined);
}

async function startOf(plan: Plan, blobs: BlobStore): Promise<LearnerStart> {
  const { pipeline } = await readManifest(blobs, plan.parent);
  return {
    plan,
    window: {
      lengthSamples: pipeline.window.lengthSamples,
      channels: pipeline.channels.length,
    },
  };
}

async function modelBytes(
  blobs: BlobStore,
  { graph, tensors }: { readonly graph: BlobRef; readonly tensors: BlobRef },
): Promise<ModelBytes> {
  return { graph: await blobs.get(graph.sha256), tensors: await blobs.get(tensors.sha256) };
}

function joined(windows: readonly Float32Array[]): Float32Array {
  const data = new Float32Array(windows.reduce((sum, window) => sum + window.length, 0));
  let at = 0;
  for (const window of windows) {
    data.set(window, at);
    at += window.length;
  }
  return data;
}
