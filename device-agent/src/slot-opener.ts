import type { Log, Sha256 } from "@edgeloop/core/platform";
import { codeOf } from "@edgeloop/core/platform";
import type { Classifier } from "./classifier.ts";
import type { Events } from "./events.ts";
import type { Meter } from "./meter.ts";
import type { SlotEvent, SlotStep } from "./model-slot.ts";
import type { ServingPlace } from "./serving-place.ts";
import type { SlotKeeper } from "./slot-keeper.ts";
import type { TrialVerdicts } from "./trial-verdicts.ts";

/** Applies an event to the slots; `undefined`, and nothing has changed, when they cannot be written. */
export type SlotWriter = (event: SlotEvent) => Promise<SlotStep | undefined>;

/** A model whose trial is over, and why. */
export type RolledBack = { readonly identity: Sha256; readonly code: string };

/** What serving the slot's model needs. */
export type SlotOpenerOptions = {
  readonly slots: Pick<SlotKeeper, "state">;
  readonly open: (identity: Sha256) => Promise<Classifier>;
  readonly place: ServingPlace;
  readonly written: SlotWriter;
  readonly verdicts: Pick<TrialVerdicts, "decide">;
  readonly events: Pick<Events, "raise">;
  readonly meter: Meter;
  readonly log: Log;
};

/** Builds what serves the model that the slot names, at a start or after a roll-back; a model that cannot be opened has failed. */
export function slotOpener(options: SlotOpenerOptions): (why?: RolledBack) => Promise<void> {
  const { slots, open, place, written, verdicts, events, meter, log } = options;

  const tryOpen = async (identity: Sha256): Promise<Opened> => {
    try {
      return { kind: "open", classifier: await open(identity) };
    } catch (error) {
      log.error("model-unavailable", { manifest: identity, error });
      events.raise({ code: "MODEL_UNAVAILABLE" });
      return { kind: "failed", code: codeOf(error) };
    }
  };

  /** Serves what was opened if the slot still names the model it named before. */
  const serve = async (opened: Classifier, named: Sha256): Promise<void> => {
    if (slots.state().serving?.manifest === named) place.swap(opened);
    else await opened.dispose();
  };

  const announce = ({ identity, code }: RolledBack): void => {
    log.warn("model-rolled-back", { manifest: identity, code });
    meter.add("installs", ["MODEL_ROLLED_BACK"]);
    events.raise({ code: "MODEL_ROLLED_BACK" });
    verdicts.decide(identity, false);
  };

  const openSlot = async (why?: RolledBack): Promise<void> => {
    if (why !== undefined) announce(why);
    const { serving, previous } = slots.state();
    if (serving === undefined) {
      place.swap(undefined);
      return;
    }
    const identity = serving.manifest;
    const opened = await tryOpen(identity);
    if (opened.kind === "open") return await serve(opened.classifier, identity);
    const step = await written({ kind: "fail", manifest: identity, code: opened.code });
    if (step?.outcome === "rolled-back") return await openSlot({ identity, code: opened.code });
    if (step !== undefined || previous === undefined) return;
    // Not rolled back on disk, and yet nothing to serve: the old model serves, and the next start decides again.
    const old = await tryOpen(previous);
    if (old.kind === "open") await serve(old.classifier, identity);
  };
  return openSlot;
}

type Opened =
  | { readonly kind: "open"; readonly classifier: Classifier }
  | { readonly kind: "failed"; readonly code: string };
