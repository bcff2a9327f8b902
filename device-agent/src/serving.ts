import type { Clock, Log, Sha256 } from "@edgeloop/core/platform";
import { codeOf, hasCode, messageOf } from "@edgeloop/core/platform";
import type { Classification, Classifier } from "./classifier.ts";
import type { Events } from "./events.ts";
import type { Meter } from "./meter.ts";
import type { SlotStep } from "./model-slot.ts";
import type { SlotKeeper } from "./slot-keeper.ts";

/** What became of a window. */
export type Served = {
  readonly classification: Classification;
  readonly classifier: Classifier;
};

/** The model that serves, whatever happens to it. */
export type Serving = {
  current(): Classifier | undefined;
  /** Opens the model of the serving slot; goes back to the old one when a trial's starts are used up. */
  start(): Promise<void>;
  /** Puts a model that passed its gate into service: durable first, then swapped. */
  activate(classifier: Classifier): Promise<void>;
  /** Classifies a window; `undefined` when nothing serves or the model failed, which is counted. */
  classify(data: Float32Array): Promise<Served | undefined>;
  /** Resolves when a model's trial is over, true when it was confirmed. */
  verdict(identity: Sha256): Promise<boolean>;
  close(): Promise<void>;
};

/** What serving needs. */
export type ServingOptions = {
  readonly slots: SlotKeeper;
  /** Opens a bundle's int8 graph from blobs that are on disk. */
  readonly open: (identity: Sha256) => Promise<Classifier>;
  readonly events: Pick<Events, "raise">;
  readonly meter: Meter;
  readonly clock: Clock;
  readonly log: Log;
  /** Called after another model began to serve. */
  readonly onChange: (classifier: Classifier | undefined) => void;
};

/** Builds the serving of one line of models. */
export function createServing(options: ServingOptions): Serving {
  const { slots, events, meter, clock, log, onChange } = options;
  let current: Classifier | undefined;
  const verdicts = trialVerdicts();

  const swap = (next: Classifier | undefined): void => {
    const old = current;
    current = next;
    onChange(next);
    old?.dispose().catch((error: unknown) => log.warn("model-dispose-failed", { error }));
  };

  const { openSlot, rolledBack } = slotLoader(options, { swap, verdicts });

  /** Between a switch on disk and the swap, what the old model does is not the new one's doing. */
  const serves = (classifier: Classifier): boolean =>
    current === classifier && slots.state().serving?.manifest === classifier.identity;

  const settle = (step: SlotStep, identity: Sha256): void => {
    if (step.outcome !== "confirmed") return;
    log.info("model-confirmed", { manifest: identity });
    verdicts.decide(identity, true);
  };

  const failed = async (classifier: Classifier, error: unknown): Promise<void> => {
    const code = codeOf(error);
    meter.add("inferenceFailures", [code]);
    events.raise({ code: "INFERENCE_FAILED" });
    log.error("inference-failed", { code, reason: messageOf(error) });
    if (!serves(classifier)) return;
    const step = await slots.apply({ kind: "fail", manifest: classifier.identity, code });
    if (step.outcome === "rolled-back") await rolledBack(classifier.identity, code);
  };

  const classify = async (data: Float32Array): Promise<Served | undefined> => {
    const classifier = current;
    if (classifier === undefined) return undefined;
    const startMs = clock.monotonicMs();
    try {
      const classification = await classifyOrRestart(options, classifier, data);
      meter.observe("inference", (clock.monotonicMs() - startMs) / 1000);
      if (slots.state().serving?.kind === "trial" && serves(classifier)) {
        settle(await slots.apply({ kind: "served" }), classifier.identity);
      }
      return { classification, classifier };
    } catch (error) {
      // A swap while the window was on its way is nobody's failure.
      if (hasCode(error, "SESSION_DISPOSED") && current !== classifier && current !== undefined) {
        return await classify(data);
      }
      await failed(classifier, error);
      return undefined;
    }
  };

  return {
    current: () => current,
    async start() {
      const candidate = slots.state().serving?.manifest;
      const step = await slots.apply({ kind: "start" });
      if (step.outcome === "rolled-back" && candidate !== undefined) {
        await rolledBack(candidate, "MODEL_CRASH_LOOP");
      } else {
        await openSlot();
      }
    },
    async activate(classifier) {
      await slots.apply({ kind: "activate", manifest: classifier.identity });
      log.info("model-activated", { manifest: classifier.identity });
      swap(classifier);
    },
    classify,
    verdict(identity) {
      const serving = slots.state().serving;
      if (serving?.manifest !== identity) return Promise.resolve(false);
      if (serving.kind === "confirmed") return Promise.resolve(true);
      return verdicts.wait(identity);
    },
    async close() {
      const last = current;
      current = undefined;
      await last?.dispose();
    },
  };
}

/** A worker that died is started again once; a second failure on the same window counts. */
async function classifyOrRestart(
  { events, meter }: Pick<ServingOptions, "events" | "meter">,
  classifier: Classifier,
  data: Float32Array,
): Promise<Classification> {
  try {
    return await classifier.classify(data);
  } catch (error) {
    if (!hasCode(error, "WORKER_DIED") && !hasCode(error, "WORKER_TIMEOUT")) throw error;
    meter.add("inferenceFailures", [codeOf(error)]);
    events.raise({ code: "INFERENCE_FAILED" });
    await classifier.restart();
    return await classifier.classify(data);
  }
}

function trialVerdicts(): {
  wait(identity: Sha256): Promise<boolean>;
  decide(identity: Sha256, confirmed: boolean): void;
} {
  const waiting = new Map<Sha256, PromiseWithResolvers<boolean>>();
  return {
    wait(identity) {
      const verdict = waiting.get(identity) ?? Promise.withResolvers<boolean>();
      waiting.set(identity, verdict);
      return verdict.promise;
    },
    decide(identity, confirmed) {
      waiting.get(identity)?.resolve(confirmed);
      waiting.delete(identity);
    },
  };
}

type Verdicts = ReturnType<typeof trialVerdicts>;

function slotLoader(
  { slots, open, events, meter, log }: ServingOptions,
  {
    swap,
    verdicts,
  }: {
    readonly swap: (next: Classifier | undefined) => void;
    readonly verdicts: Verdicts;
  },
): {
  openSlot(): Promise<void>;
  rolledBack(identity: Sha256, code: string): Promise<void>;
} {
  /** Opens what the slot names; a model that cannot even be opened has failed. */
  const openSlot = async (): Promise<void> => {
    const serving = slots.state().serving;
    if (serving === undefined) {
      swap(undefined);
      return;
    }
    try {
      swap(await open(serving.manifest));
    } catch (error) {
      log.error("model-unavailable", { manifest: serving.manifest, error });
      events.raise({ code: "MODEL_UNAVAILABLE" });
      const step = await slots.apply({
        kind: "fail",
        manifest: serving.manifest,
        code: codeOf(error),
      });
      if (step.outcome === "rolled-back") await rolledBack(serving.manifest, codeOf(error));
    }
  };

  const rolledBack = async (identity: Sha256, code: string): Promise<void> => {
    log.warn("model-rolled-back", { manifest: identity, code });
    meter.add("installs", ["MODEL_ROLLED_BACK"]);
    events.raise({ code: "MODEL_ROLLED_BACK" });
    verdicts.decide(identity, false);
    await openSlot();
  };

  return { openSlot, rolledBack };
}
