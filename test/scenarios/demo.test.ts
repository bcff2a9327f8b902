// Runs the whole demo as `npm start` does, every part of it a process, and holds it to what the README promises.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { DemoResult } from "../../cli/src/demo/result.ts";
import { root } from "../source-files.ts";

/** About four minutes where nothing else runs. */
const demoMsMax = 8 * 60_000;
const directory = mkdtempSync(join(tmpdir(), "edgeloop-demo-"));
const main = join(root, "cli", "src", "main.ts");
const words = ["demo", "--json", "-o", directory];
const stopping = new AbortController();
let result: DemoResult;

beforeAll(async () => {
  const child = spawn(process.execPath, ["--conditions=@edgeloop/source", main, ...words], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    signal: stopping.signal,
    killSignal: "SIGTERM",
  });
  child.on("error", () => undefined);
  let [out, said] = ["", ""];
  child.stdout.on("data", (chunk) => {
    out += String(chunk);
  });
  child.stderr.on("data", (chunk) => {
    said = (said + String(chunk)).slice(-8000);
  });
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`the demo ended with ${code}:\n${said}`);
  result = JSON.parse(out);
}, demoMsMax);

afterAll(() => {
  stopping.abort();
  rmSync(directory, { recursive: true, force: true });
});

test("the released model works, the change breaks it, and the fleet recovers by itself", () => {
  expect(result.macroF1.released).toBeGreaterThanOrEqual(0.95);
  expect(result.macroF1.changed).toBeLessThan(0.8);
  expect(result.macroF1.recovered).toBeGreaterThanOrEqual(0.93);
});

test("each figure is of at least 400 windows a phase and gateway", () => {
  expect(result.gateways).toHaveLength(6);
  for (const { gateway, windows } of result.gateways) {
    expect(Math.min(...Object.values(windows)), gateway).toBeGreaterThanOrEqual(400);
  }
});

test("nothing raw crossed: every byte is of a known message, and none holds samples or labels", () => {
  expect(result.rawBytesCrossed).toBe(0);
  expect(result.leaks).toMatchObject({ samples: 0, plantedLabels: 0 });
  expect(result.leaks.sequences).toBeGreaterThan(100_000);
  expect(result.leaks.searchedBytes).toBeGreaterThan(100_000);
});

test("a gateway killed while it trains, one while it downloads, the coordinator while it aggregates", () => {
  expect(result.accidentsSurvived).toBe(3);
});

test("the devices' own evaluation agrees with the driver's, and int8 with float", () => {
  const { federated, recovered, int8, float } = result.accuracy;
  expect(Math.abs(federated - recovered)).toBeLessThanOrEqual(0.02);
  expect(Math.abs(int8 - float)).toBeLessThanOrEqual(0.01);
});

test("the report is one file that loads nothing", () => {
  const html = readFileSync(join(directory, "report.html"), "utf8");
  expect(html).toContain("</html>");
  expect(html).toContain("default-src 'none'");
  const loaded = [...html.matchAll(/<[a-z]+\b[^<>]*?\s(?:src|href)="([^"]*)"/g)];
  expect(loaded.map(([, url]) => url).filter((url) => !url?.startsWith("data:"))).toEqual([]);
  const state = JSON.parse(/id="state">(.*?)<\/script>/s.exec(html)?.[1] ?? "{}");
  expect(state).toMatchObject({ phase: "done", gateways: { length: 6 } });
});
