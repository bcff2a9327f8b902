// The engine in a real tab. Skipped where no Chromium is installed.
import { join } from "node:path";
import type { Page } from "playwright-core";
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
    "onnxruntime-web/jspi": "./ort.jspi.bundle.min.mjs",
    "onnxruntime-web/webgpu": "./ort.webgpu.bundle.min.mjs",
  },
})}</script><script type="module" src="page.js"></script>`;

/** Opens the page in a tab, does something with it, and tells what went wrong on the way. */
async function inTab<T>(
  browserFile: string,
  args: readonly string[],
  work: (page: Page) => Promise<T>,
): Promise<{ readonly result: T; readonly problems: readonly string[] }> {
  const { modules, imports } = await bundle(join(import.meta.dirname, "page.ts"), "inside");
  expect(imports.filter((name) => !html.includes(`"${name}"`))).toEqual([]);
  await using server = await servePage({
    "index.html": html,
    "page.js": modules[0] ?? "",
    "model.onnx": classifier(),
  });
  const browser = await chromium.launch({ executablePath: browserFile, args: [...args] });
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
    await page.goto(server.url);
    await page.waitForFunction("globalThis.runOn !== undefined");
    return { result: await work(page), problems };
  } finally {
    await browser.close();
  }
}

const executablePath = browserPath();

test.skipIf(executablePath === undefined)(
  `a tab imports, trains, quantizes and runs as Node does (${executablePath ?? browserMissing})`,
  async () => {
    let workers = 0;
    const { result, problems } = await inTab(executablePath ?? "", browserArgs, (page) => {
      page.on("worker", () => {
        workers += 1;
      });
      return page.evaluate("globalThis.runLearn('model.onnx')");
    });
    const learned = result as Learned;
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

/** Chromium gives its software adapter only when it is told to. */
const gpuArgs = [...browserArgs.filter((arg) => arg !== "--disable-gpu"), "--enable-unsafe-webgpu"];

test.skipIf(executablePath === undefined)(
  `a tab with WebGPU computes there what it computes on wasm (${executablePath ?? browserMissing})`,
  async ({ skip }) => {
    const { result } = await inTab(executablePath ?? "", gpuArgs, async (page) => ({
      wasm: await page.evaluate("globalThis.runOn('model.onnx', 'wasm')"),
      gpu: await page.evaluate("globalThis.runOn('model.onnx', 'webgpu')"),
    }));
    skip(result.gpu === "BACKEND_UNAVAILABLE", "this Chromium has no WebGPU adapter");
    expect(result.wasm).toHaveLength(8 * 3);
    for (const [at, value] of (result.wasm as readonly number[]).entries()) {
      expect((result.gpu as readonly number[])[at]).toBeCloseTo(value, 4);
    }
  },
);
