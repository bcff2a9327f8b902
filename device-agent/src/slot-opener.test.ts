import type { Sha256 } from "@edgeloop/core/platform";
import { EdgeloopError, parseSha256, silentLog } from "@edgeloop/core/platform";
import { expect, test } from "vitest";
import type { Classifier } from "./classifier.ts";
import { memoryMeter } from "./meter.ts";
import type { SlotEvent, SlotState } from "./model-slot.ts";
import { stepSlots } from "./model-slot.ts";
import { servingPlace } from "./serving-place.ts";
import { slotOpener } from "./slot-opener.ts";

const [old, next] = [parseSha256("1".repeat(64)), parseSha256("2".repeat(64))];
const trial: SlotState = {
  format: 1,
  serving: { kind: "trial", manifest: next, starts: 1, served: 0 },
  previous: old,
  failed: [],
};

/** @param broken Models that cannot be opened. */
function setUp(
  broken: readonly Sha256[],
  { full = false, start = trial }: { readonly full?: boolean; readonly start?: SlotState } = {},
) {
  let state = start;
  const decided: (readonly [Sha256, boolean])[] = [];
  const place = servingPlace({ onChange: () => undefined, log: silentLog });
  const openSlot = slotOpener({
    slots: { state: () => state },
    place,
    open: (identity) =>
      broken.includes(identity)
        ? Promise.reject(new EdgeloopError("MODEL_SHAPE_MISMATCH", "told to fail"))
        : Promise.resolve({ identity, dispose: () => Promise.resolve() } as Classifier),
    written(event: SlotEvent) {
      if (full) return Promise.resolve(undefined);
      const step = stepSlots(state, event);
      state = step.state;
      return Promise.resolve(step);
    },
    verdicts: { decide: (identity, isConfirmed) => decided.push([identity, isConfirmed]) },
    events: { raise: () => undefined },
    meter: memoryMeter(),
    log: silentLog,
  });
  return { decided, openSlot, place, state: () => state };
}

test("the model that the slot names serves", async () => {
  const { openSlot, place } = setUp([]);
  await openSlot();
  expect(place.current()?.identity).toBe(next);
});

test("a model on trial that cannot be opened gives way to the old one, for good", async () => {
  const { decided, openSlot, place, state } = setUp([next]);
  await openSlot();
  expect(place.current()?.identity).toBe(old);
  expect(decided).toEqual([[next, false]]);
  expect(state().failed).toEqual([{ manifest: next, code: "MODEL_SHAPE_MISMATCH" }]);
});

test("when that cannot be written the old model serves all the same, and nothing was decided", async () => {
  const { decided, openSlot, place, state } = setUp([next], { full: true });
  await openSlot();
  expect(place.current()?.identity).toBe(old);
  expect([decided, state()]).toEqual([[], trial]);
});

test("without any model that can be opened nothing serves, and the gateway starts", async () => {
  const { openSlot, place } = setUp([old, next]);
  await openSlot();
  expect(place.current()).toBeUndefined();
});
