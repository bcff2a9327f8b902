import type { Log } from "@edgeloop/core/platform";
import type { SlotEvent, SlotState, SlotStep } from "./model-slot.ts";
import { emptySlots, parseSlots, stepSlots } from "./model-slot.ts";

/** Where the slots' state is kept: written whole, old or new after a power cut. */
export type SlotFile = {
  /** The stored value; `undefined` when nothing was stored yet. */
  read(): Promise<unknown>;
  write(state: SlotState): Promise<void>;
};

/** The slots of this gateway. */
export type SlotKeeper = {
  state(): SlotState;
  /**
   * Applies an event, durably where it has to be. One after the other.
   *
   * @throws `MODEL_FAILED_BEFORE`; what the file throws, and then nothing has changed.
   */
  apply(event: SlotEvent): Promise<SlotStep>;
};

/** Opens the slots; a state that cannot be read is reported and begun anew, because a model can be fetched again. */
export async function openSlotKeeper(file: SlotFile, log: Log): Promise<SlotKeeper> {
  let state = await readState(file, log);
  let tail: Promise<unknown> = Promise.resolve();
  const applyNow = async (event: SlotEvent): Promise<SlotStep> => {
    const step = stepSlots(state, event);
    if (step.write) await file.write(step.state);
    state = step.state;
    return step;
  };
  return {
    state: () => state,
    apply(event) {
      const done = tail.then(() => applyNow(event));
      tail = done.catch(() => undefined);
      return done;
    },
  };
}

async function readState(file: SlotFile, log: Log): Promise<SlotState> {
  const stored = await file.read();
  if (stored === undefined) return emptySlots;
  try {
    return parseSlots(stored);
  } catch (error) {
    log.error("slots-unreadable", { error });
    return emptySlots;
  }
}
