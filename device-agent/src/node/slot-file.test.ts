import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseSha256 } from "@edgeloop/core/platform";
import { expect, onTestFinished, test } from "vitest";
import type { SlotState } from "../model-slot.ts";
import { slotFile } from "./slot-file.ts";

function path(): string {
  const directory = mkdtempSync(join(tmpdir(), "slots-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return join(directory, "model", "slots.json");
}

const state = (digit: string): SlotState => ({
  format: 1,
  serving: { kind: "confirmed", manifest: parseSha256(digit.repeat(64)) },
  failed: [],
});

test("nothing stored is nothing; what was stored comes back", async () => {
  const file = slotFile(path());
  expect(await file.read()).toBeUndefined();
  await file.write(state("a"));
  expect(await file.read()).toEqual(state("a"));
});

test("whatever single byte is damaged, the previous state is read", async () => {
  const at = path();
  const file = slotFile(at);
  await file.write(state("a"));
  await file.write(state("b"));
  const intact = readFileSync(at);
  for (let index = 0; index < intact.length - 1; index += 7) {
    const damaged = Buffer.from(intact);
    damaged[index] = (damaged[index] ?? 0) ^ 1;
    writeFileSync(at, damaged);
    expect(await file.read()).toEqual(state("a"));
  }
  for (const content of [Buffer.alloc(0), Buffer.alloc(intact.length)]) {
    writeFileSync(at, content);
    expect(await file.read()).toEqual(state("a"));
  }
});

test("when both are damaged there are no slots, and no crash", async () => {
  const at = path();
  const file = slotFile(at);
  await file.write(state("a"));
  await file.write(state("b"));
  writeFileSync(at, "x");
  writeFileSync(`${at}.prev`, "x");
  expect(await file.read()).toEqual({});
});
