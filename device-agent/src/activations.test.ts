import type { Sha256 } from "@edgeloop/core/platform";
import { EdgeloopError, parseSha256, silentLog } from "@edgeloop/core/platform";
import { expect, test } from "vitest";
import { createActivations } from "./activations.ts";
import type { Classifier } from "./classifier.ts";
import { confirmWindowsMin } from "./limits.ts";
import { memoryMeter } from "./meter.ts";
import { failureOf } from "./model-slot.ts";
import { openSlotKeeper } from "./slot-keeper.ts";
import { trialVerdicts } from "./trial-verdicts.ts";

const sha = (digit: string): Sha256 => parseSha256(digit.repeat(64));
const [first, second, third] = [sha("1"), sha("2"), sha("3")];

/** The first model confirmed, the second on trial; writes and opens wait while their gate is set. */
async function onTrial() {
  const gates: { write?: Promise<void>; open?: Promise<void> } = {};
  const disk = { full: false };
  const disposed: Classifier[] = [];
  const raised: string[] = [];
  const slots = await openSlotKeeper(
    {
      read: () => Promise.resolve(undefined),
      async write() {
        await gates.write;
        if (disk.full) throw new EdgeloopError("ENOSPC", "no space left on device");
      },
    },
    silentLog,
  );
  const model = (identity: Sha256): Classifier => {
    const classifier = {
      identity,
      dispose: () => {
        disposed.push(classifier);
        return Promise.resolve();
      },
    } as Classifier;
    return classifier;
  };
  const verdicts = trialVerdicts();
  const activations = createActivations(
    {
      slots,
      async open(identity) {
        await gates.open;
        return model(identity);
      },
      events: { raise: ({ code }) => raised.push(code) },
      meter: memoryMeter(),
      log: silentLog,
      onChange: () => undefined,
    },
    verdicts,
  );
  const serveWell = async (classifier: Classifier, windows = confirmWindowsMin): Promise<void> => {
    for (let turn = 0; turn < windows; turn += 1) await activations.served(classifier);
  };
  const [old, trial] = [model(first), model(second)];
  await activations.activate(old);
  await serveWell(old);
  await activations.activate(trial);
  return { activations, disk, disposed, gates, model, old, raised, serveWell, slots, trial };
}

test("a backend that is chosen while another model is being installed does not bring the old one back", async () => {
  const { activations, gates, model, slots, trial } = await onTrial();
  const write = Promise.withResolvers<void>();
  gates.write = write.promise;
  const next = model(third);
  const installed = activations.activate(next);
  const replaced = activations.replace(trial, model(second));
  write.resolve();
  await installed;
  expect(await replaced).toBe(false);
  expect(activations.current()).toBe(next);
  expect(slots.state().serving?.manifest).toBe(third);
});

test("a model that serves is replaced by itself on another session, and its trial goes on", async () => {
  const { activations, disposed, model, serveWell, slots, trial } = await onTrial();
  await serveWell(trial, 1);
  const better = model(second);
  expect(await activations.replace(trial, better)).toBe(true);
  expect([activations.current(), disposed.includes(trial)]).toEqual([better, true]);
  expect(slots.state().serving).toMatchObject({ kind: "trial", served: 1 });
});

test("an install during a roll-back's open is not undone by the old model that opens late", async () => {
  const { activations, gates, model, slots, trial } = await onTrial();
  const open = Promise.withResolvers<void>();
  gates.open = open.promise;
  const rolledBack = activations.failed(trial, "RUN_FAILED");
  const next = model(third);
  const installed = activations.activate(next);
  open.resolve();
  await Promise.all([rolledBack, installed]);
  expect(activations.current()).toBe(next);
  expect(slots.state().serving?.manifest).toBe(third);
  expect(slots.state().previous).toBe(first);
});

test("a window of the old model that fails while the new one is switched in is not the new one's", async () => {
  const { activations, gates, model, slots, trial } = await onTrial();
  const write = Promise.withResolvers<void>();
  gates.write = write.promise;
  const next = model(third);
  const installed = activations.activate(next);
  const failed = activations.failed(trial, "SESSION_DISPOSED");
  write.resolve();
  await Promise.all([installed, failed]);
  expect(activations.current()).toBe(next);
  expect(slots.state().failed).toEqual([]);
});

test("a roll-back that cannot be written is owed, and done with the next window that is served", async () => {
  const { activations, disk, raised, slots, trial } = await onTrial();
  disk.full = true;
  await activations.failed(trial, "RUN_FAILED");
  expect([activations.current(), raised]).toEqual([trial, ["SLOTS_UNWRITTEN"]]);
  disk.full = false;
  await activations.served(trial);
  expect(activations.current()?.identity).toBe(first);
  expect(failureOf(slots.state(), second)).toBe("RUN_FAILED");
});
