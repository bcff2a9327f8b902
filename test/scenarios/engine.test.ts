// Runs docs/engine.md as it stands: every command, in its order, on the files of examples/engine.
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { toneFiles } from "../fixtures/tones.ts";
import { root } from "../source-files.ts";
import { expectLines, stepsOf, type } from "./page.ts";

const example = join(root, "examples", "engine");

test("the example's files are what their maker writes", () => {
  for (const [name, bytes] of toneFiles()) {
    expect(readFileSync(join(example, name)).equals(bytes), name).toBe(true);
  }
});

test("each command does what the page says", async () => {
  const directory = mkdtempSync(join(tmpdir(), "edgeloop-engine-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  cpSync(example, directory, { recursive: true });
  const steps = stepsOf("engine.md");
  expect(steps.length).toBeGreaterThan(8);
  for (const step of steps) {
    const { code, lines, errors } = await type(step.command, directory).done;
    expect(code, `${step.command}: ${errors}`).toBe(0);
    expectLines(lines, step);
  }
}, 240_000);
