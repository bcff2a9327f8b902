import type { Log, Sha256 } from "@edgeloop/core/platform";
import type { Classifier } from "./classifier.ts";
import type { Events } from "./events.ts";
import type { Meter } from "./meter.ts";
import { servingPlace } from "./serving-place.ts";
import type { SlotKeeper } from "./slot-keeper.ts";
import type { SlotWriter } from "./slot-opener.ts";
import { slotOpener } from "./slot-opener.ts";
import type { TrialVerdicts } from "./trial-verdicts.ts";
import { turns } from "./turns.ts";

/**
 * Which model serves. Changes take turns, from the slot's write to the swap: neither a model that was slow to open nor a
 * choice made before a switch puts an older model over a newer one.
 */
export type Activations = {
  current(): Classifier | undefined;
  /** Opens the model of the serving slot; goes back to the old one when a trial's starts are used up. */
  start(): Promise<void>;
  /**
   * Puts a model into service: durable first, then swapped.
   *
   * @throws `MODEL_FAILED_BEFORE`, and what the slot's write throws; then the model before serves on.
   */
  activate(classifier: Classifier): Promise<void>;
  /** Serves the same model on another session; false, and nothing has changed, when `old` does not serve any more. */
  replace(old: Classifier, next: Classifier): Promise<boolean>;
  /** Notes a window that a model served well. Never fails: a step that cannot be written is taken at a later window. */
  served(classifier: Classifier): Promise<void>;
  /** Notes a window that a model failed. Never fails either: a rollback that cannot be written is still owed. */
  failed(classifier: Classifier, code: string): Promise<void>;
  close(): Promise<void>;
};

/** What changing models needs. */
export type ActivationOptions = {
  readonly slots: SlotKeeper;
  /** Opens a bundle's int8 graph from blobs that are on disk. */
  readonly open: (identity: Sha256) => Promise<Classifier>;
  readonly events: Pick<Events, "raise">;
  readonly meter: Meter;
  readonly log: Log;
  /** Called after another model began to serve. */
  readonly onChange: (classifier: Classifier | undefined) => void;
};

/** Builds what keeps slots and serving model in step. */
export function createActivations(
  options: ActivationOptions,
  verdicts: TrialVerdicts,
): Activations {
  const { slots, log } = options;
  const alone = turns();
  const place = servingPlace(options);
  const written = slotWriter(options);
  /** A failure of the model in trial that could not be written. */
  let owed: { readonly classifier: Classifier; readonly code: string } | undefined;

  /** Between a switch on disk and the swap, what the old model does is not the new one's doing. */
  const serves = (classifier: Classifier): boolean =>
    place.current() === classifier && slots.state().serving?.manifest === classifier.identity;
  const openSlot = slotOpener({ ...options, place, written, verdicts });

  const fail = async (classifier: Classifier, code: string): Promise<void> => {
    const { identity } = classifier;
    const step = await written({ kind: "fail", manifest: identity, code });
    owed = step === undefined ? { classifier, code } : undefined;
    if (step?.outcome === "rolled-back") await openSlot({ identity, code });
  };

  return {
    current: place.current,
    start: () =>
      alone(async () => {
        const candidate = slots.state().serving?.manifest;
        const step = await written({ kind: "start" });
        const isOver = step?.outcome === "rolled-back" && candidate !== undefined;
        await openSlot(isOver ? { identity: candidate, code: "MODEL_CRASH_LOOP" } : undefined);
      }),
    activate: (classifier) =>
      alone(async () => {
        await slots.apply({ kind: "activate", manifest: classifier.identity });
        log.info("model-activated", { manifest: classifier.identity });
        place.swap(classifier);
      }),
    replace: (old, next) =>
      alone(() => {
        const stillServes = serves(old);
        if (stillServes) place.swap(next);
        return Promise.resolve(stillServes);
      }),
    async served(classifier) {
      if (slots.state().serving?.kind !== "trial" || !serves(classifier)) return;
      await alone(async () => {
        if (!serves(classifier)) return;
        if (owed?.classifier === classifier) return await fail(classifier, owed.code);
        const step = await written({ kind: "served" });
        if (step?.outcome !== "confirmed") return;
        log.info("model-confirmed", { manifest: classifier.identity });
        verdicts.decide(classifier.identity, true);
      });
    },
    failed: (classifier, code) =>
      alone(async () => {
        if (serves(classifier)) await fail(classifier, code);
      }),
    close: place.close,
  };
}

/** Applies an event; a write that fails is the disk's failure, not the model's, and leaves the slots as they were. */
const slotWriter =
  ({ slots, events, log }: ActivationOptions): SlotWriter =>
  async (event) => {
    try {
      return await slots.apply(event);
    } catch (error) {
      log.error("slots-unwritten", { step: event.kind, error });
      events.raise({ code: "SLOTS_UNWRITTEN" });
      return undefined;
    }
  };
