// Runs the whole demo as `npm start` does, every part of it a process, and holds it to what the README promises.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { parse } from "yaml";
import { browserArgs, browserMissing, browserPath } from "../../cli/src/demo/report/testing.ts";
import type { DemoResult } from "../../cli/src/demo/result.ts";
import { phases } from "../../cli/src/demo/timeline.ts";
import { root } from "../source-files.ts";

/** About four minutes where nothing else runs. */
const demoMsMax = 8 * 60_000;
/** As a person runs it: in a folder of theirs, with no word on where things go. */
const home = mkdtempSync(join(tmpdir(), "edgeloop-demo-"));
const directory = join(home, "edgeloop-demo");
const main = join(root, "cli", "src", "main.ts");
// It stays, so that the fleet still runs when the table has been printed; an interrupt ends it.
const words = ["demo", "--json", "--stay"];
const executablePath = browserPath();
const stopping = new AbortController();
/** What the demo said when it was interrupted, how it ended, and what it found. */
let [said, exitCode, result]: [string, number | null, DemoResult] = ["", null, Object()];
/** What a browser saw on the live page. */
let watching: Promise<LivePage> | undefined;

beforeAll(async () => {
  const child = spawn(process.execPath, ["--conditions=@edgeloop/source", main, ...words], {
    cwd: home,
    stdio: ["ignore", "pipe", "pipe"],
    signal: stopping.signal,
    killSignal: "SIGTERM",
  });
  child.on("error", () => undefined);
  const closed = once(child, "close");
  let out = "";
  child.stdout.on("data", (chunk) => {
    out += String(chunk);
  });
  for await (const line of createInterface(child.stderr)) {
    said += `${line}\n`;
    const [, url] = /^live report: (.*)$/.exec(line) ?? [];
    if (url !== undefined && executablePath !== undefined) {
      watching = lookAtPage(url, executablePath);
      watching.catch(() => undefined);
    }
    if (line.startsWith("report: ")) child.kill("SIGINT");
  }
  [exitCode] = await closed;
  if (exitCode !== 0) throw new Error(`the demo ended with ${exitCode}:\n${said.slice(-8000)}`);
  result = JSON.parse(out);
}, demoMsMax);

afterAll(() => {
  stopping.abort();
  rmSync(home, { recursive: true, force: true });
});

type LivePage = { readonly phase: string; readonly problems: readonly string[] };

/** What the page says while pumps are played. */
const { setup: _setup, enrolling: _enrolling, ...playing } = phases;
const played: readonly string[] = Object.values(playing);
/** The picture of accuracy over time. */
const plotOf = `document.querySelector("#accuracy canvas").toDataURL()`;

/** A line of the fleet's accuracy: the page draws nothing else in that colour. */
const isPlotted = `(() => {
  const canvas = document.querySelector("#accuracy canvas");
  if (!canvas) return false;
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let dark = 0;
  for (let at = 0; at < data.length; at += 4) {
    const [red, green, blue, alpha] = data.subarray(at, at + 4);
    if (red < 40 && green < 50 && blue < 70 && alpha > 200) dark += 1;
  }
  return dark > 50;
})()`;

/** Opens the live page as soon as there is one, and leaves once the first windows are drawn: it costs processor time. */
async function lookAtPage(url: string, browser: string): Promise<LivePage> {
  const running = await chromium.launch({ executablePath: browser, args: browserArgs });
  try {
    const page = await running.newPage();
    const problems: string[] = [];
    page.on("pageerror", (error) => problems.push(error.message));
    await page.goto(url);
    // Asked from outside, because the page's policy forbids it to evaluate what it is sent.
    const patience = { timeout: demoMsMax, interval: 250 };
    const phase = async (): Promise<string> => (await page.textContent("#phase")) ?? "";
    const plot = (): Promise<string> => page.evaluate(plotOf);
    await vi.waitFor(async () => expect(played).toContain(await phase()), patience);
    await vi.waitFor(async () => expect(await page.evaluate(isPlotted)).toBe(true), patience);
    const earlier = await plot();
    await vi.waitFor(async () => expect(await plot()).not.toBe(earlier), patience);
    return { phase: await phase(), problems };
  } finally {
    await running.close();
  }
}

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

test("latency was measured in each state, so that no state is met by being empty", () => {
  const { windows, p50, p99, p99Training, p99AllTraining } = result.latencyMs;
  expect(windows.idle).toBeGreaterThanOrEqual(1000);
  expect(windows.training).toBeGreaterThanOrEqual(windows.allTraining);
  expect(windows.allTraining).toBeGreaterThanOrEqual(100);
  expect([p50, p99, p99Training, p99AllTraining]).not.toContain(null);
});

test("the bundle is as small as the problem asks, and of the new one only a part travels", () => {
  expect(result.bytes.bundle).toBeGreaterThan(0);
  expect(result.bytes.bundle).toBeLessThanOrEqual(262_144);
  expect(result.blobs.reused).toBeGreaterThan(0);
  expect(result.blobs.fetchedBytes).toBeLessThan(result.bytes.bundle);
});

test("rounds were held, by the backends that the gateways and the plans name", () => {
  expect(result.rounds).toBeGreaterThanOrEqual(1);
  expect(result.backend).toEqual({ inference: "wasm", training: "wasm" });
});

test("bytes are told by gateway, direction and kind, in the table too", () => {
  const { rows } = result.bytes;
  for (const { gateway } of result.gateways) {
    const own = rows.filter((row) => row.gateway === gateway);
    for (const kind of ["update payload", "blob"]) {
      expect(
        own.map((row) => row.kind),
        gateway,
      ).toContain(kind);
    }
  }
  expect(said).toMatch(/^update payload +up( +\d+){7}$/m);
  expect(said).toMatch(/^blob +down( +\d+){7}$/m);
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

test("the live page follows the demo: its phase, and windows that are drawn as they come", async ({
  skip,
}) => {
  skip(executablePath === undefined, browserMissing);
  const seen = await watching;
  expect(seen?.problems).toEqual([]);
  expect(played).toContain(seen?.phase);
});

test("a fleet that stayed has its table before it is interrupted, and leaves nothing behind", async () => {
  expect(said).toMatch(/^report: .*\n(.*\n)*\[.*\] {3}interrupted$/m);
  expect(exitCode).toBe(0);
  const [, live = ""] = /^live report: (.*)$/m.exec(said) ?? [];
  const ports = result.gateways.map(({ gateway }) => {
    const { http } = parse(readFileSync(join(directory, "gateways", `${gateway}.yaml`), "utf8"));
    return `http://127.0.0.1:${http.port}/healthz`;
  });
  for (const url of [live, ...ports]) await expect(fetch(url), url).rejects.toThrow();
});
