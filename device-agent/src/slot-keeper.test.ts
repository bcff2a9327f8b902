import type { Sha256 } from "@edgeloop/core/platform";
import { EdgeloopError, parseSha256, silentLog } from "@edgeloop/core/platform";
import { expect, test } from "vitest";
import { emptySlots } from "./model-slot.ts";
import type { SlotFile } from "./slot-keeper.ts";
import { openSlotKeeper } from "./slot-keeper.ts";

const sha = (digit: string): Sha256 => parseSha256(digit.repeat(64));

function fakeFile(stored?: unknown): SlotFile & { value: unknown; fails: boolean; writes: number } {
  return {
    value: stored,
    fails: false,
    writes: 0,
    read() {
      return Promise.resolve(this.value);
    },
    write(state) {
      if (this.fails) return Promise.reject(new EdgeloopError("STORE_FULL", "told to fail"));
      this.writes += 1;
      this.value = JSON.parse(JSON.stringify(state));
      return Promise.resolve();
    },
  };
}

test("what was switched is there after a restart", async () => {
  const file = fakeFile();
  const keeper = await openSlotKeeper(file, silentLog);
  await keeper.apply({ kind: "activate", manifest: sha("a") });
  const again = await openSlotKeeper(file, silentLog);
  expect(again.state()).toEqual(keeper.state());
  expect(again.state().serving?.manifest).toBe(sha("a"));
});

test("a switch that cannot be written has not happened", async () => {
  const file = fakeFile();
  const keeper = await openSlotKeeper(file, silentLog);
  await keeper.apply({ kind: "activate", manifest: sha("a") });
  const before = keeper.state();
  file.fails = true;
  await expect(keeper.apply({ kind: "activate", manifest: sha("b") })).rejects.toMatchObject({
    code: "STORE_FULL",
  });
  expect(keeper.state()).toEqual(before);
});

test("good windows do not write until they confirm", async () => {
  const file = fakeFile();
  const keeper = await openSlotKeeper(file, silentLog);
  await keeper.apply({ kind: "activate", manifest: sha("a") });
  const served = Array.from({ length: 100 }, () => keeper.apply({ kind: "served" }));
  await Promise.all(served);
  expect(file.writes).toBe(2);
  expect(keeper.state().serving?.kind).toBe("confirmed");
});

test("a damaged file is begun anew instead of stopping the gateway", async () => {
  const keeper = await openSlotKeeper(fakeFile({ format: 1, failed: "?" }), silentLog);
  expect(keeper.state()).toEqual(emptySlots);
});
