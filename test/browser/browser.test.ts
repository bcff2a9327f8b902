// The engine in a real tab. Skipped where no Chromium is installed.
import { join } from "node:path";
import { chromium } from "playwright-core";
import { expect, test } from "vitest";
import { browserArgs, browserMissing, browserPath } from "../../cli/src/demo/report/testing.ts";
import { graphBuilder } from "../../core/src/graph/builder.ts";
import { encodeOnnx } from "../../core/src/graph/onnx-write.ts";
import { f32 } from "../../core/src/graph/tensor.ts";
import { gaussian, seededRng } from "../../core/src/platform/random.ts";
import { bundle } from "./bundle.ts";
import type { Learned } from "./learn.ts";
import { learn } from "./learn.ts";
import { servePage } from "./serve.ts";

function classifier(): Uint8Array {
  const b = graphBuilder("classifier");
  const rng = seededRng(11);
  const weight = (name: string, rows: number, columns: number): string => {
    const data = Float32Array.from({ length: rows * columns }, () => 0.4 * gaussian(rng));
    return b.initializer(name, f32(data, [rows, columns]));
  };
  b.input({ name: "x", dtype: "float32", shape: ["N", 8] });
  const hidden = b.add("Relu", [b.add("MatMul", ["x", weight("first", 8, 16)])]);
  b.add("MatMul", [hidden, weight("second", 16, 3)], { outputs: ["logits"] });
  b.output({ name: "logits", dtype: "float32", shape: ["N", 3] });
  return encodeOnnx(b.build());
}

const html = `<!doctype html><title>edgeloop</title><script type="importmap">${JSON.stringify({
  imports: {
    "onnxruntime-web/ort-wasm-simd-threaded.mjs": "./ort-wasm-simd-threaded.mjs",
    "onnxruntime-web": "./ort.bundle.min.mjs",
  },
})}</script><script type="module" src="page.js"></script>`;

/** Runs the page's function in a tab, and tells what went wrong on the way. */
async function inTab(browserFile: string): Promise<{
  readonly learned: Learned;
  readonly workers: number;
  readonly problems: readonly string[];
}> {
  const { code, imports } = await bundle(join(import.meta.dirname, "page.ts"));
  expect(imports.toSorted()).toEqual([
    "onnxruntime-web",
    "onnxruntime-web/ort-wasm-simd-threaded.mjs",
  ]);
  await using server = await servePage({
    "index.html": html,
    "page.js": code,
    "model.onnx": classifier(),
  });
  const browser = await chromium.launch({ executablePath: browserFile, args: browserArgs });
  try {
    const page = await browser.newPage();
    const problems: string[] = [];
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("console", (message) => {
      // The favicon that every browser asks for.
      if (message.type() === "error" && !message.text().includes("404")) {
        problems.push(message.text());
      }
    });
    let workers = 0;
    page.on("worker", () => {
      workers += 1;
    });
    await page.goto(server.url);
    await page.waitForFunction("globalThis.runLearn !== undefined");
    const learned: Learned = await page.evaluate("globalThis.runLearn('model.onnx')");
    return { learned, workers, problems };
  } finally {
    await browser.close();
  }
}

const executablePath = browserPath();

test.skipIf(executablePath === undefined)(
  `a tab imports, trains, quantizes and runs as Node does (${executablePath ?? browserMissing})`,
  async () => {
    const { learned, workers, problems } = await inTab(executablePath ?? "");
    expect(problems).toEqual([]);
    expect(learned.isolated).toBe(true);
    // The runtime's own threads: one beside the page's.
    expect(workers).toBeGreaterThanOrEqual(1);
    expect(learned.leaked).toEqual([]);
    const { losses, float, int8, threaded } = learned;
    expect(losses.at(-1)).toBeLessThan(0.6 * Number(losses[0]));
    expect(float).toHaveLength(32 * 3);
    const largest = Math.max(...float.map(Math.abs));
    const apart = (other: readonly number[]): number =>
      Math.max(...float.map((value, at) => Math.abs(value - Number(other[at])))) / largest;
    expect(apart(threaded)).toBeLessThan(1e-6);
    expect(apart(int8)).toBeLessThan(0.05);
    expect(apart(int8)).toBeGreaterThan(1e-4);
    // The same WebAssembly and the same order of additions: the same bits.
    const { isolated: _tab, leaked: _globals, ...here } = await learn(classifier());
    expect({ losses, float, int8, threaded }).toEqual(here);
  },
);
