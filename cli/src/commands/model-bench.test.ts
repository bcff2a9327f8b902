import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { decodeSafetensors, encodeOnnx, graphBuilder } from "@edgeloop/core/graph";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { choicesFile } from "../model/open-model.ts";
import { temporary, testContext } from "../testing.ts";
import { run } from "./model-bench.ts";

const [entry = ""] = process.argv.slice(1, 2);
beforeEach(() => {
  // The processes that measure are this command line.
  process.argv[1] = fileURLToPath(new URL("../main.ts", import.meta.url));
  vi.stubEnv("XDG_CACHE_HOME", temporary());
});
afterEach(() => {
  process.argv[1] = entry;
  vi.unstubAllEnvs();
});

function modelFile(op = "Neg"): string {
  const b = graphBuilder("model");
  b.input({ name: "x", dtype: "float32", shape: ["N", 2] });
  b.add(op, ["x"], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32", shape: ["N", 2] });
  const path = join(temporary(), "model.onnx");
  writeFileSync(path, encodeOnnx(b.build()));
  return path;
}

test("each backend is a row, with its figures or the reason, and auto's choice is remembered", async () => {
  const context = testContext();
  const answer = await run(context, [modelFile()], { threads: "1" });
  const { rows, auto } = answer as unknown as {
    readonly rows: readonly Readonly<Record<string, unknown>>[];
    readonly auto: Readonly<Record<string, unknown>>;
  };
  const names = rows.map(({ backend }) => backend);
  expect(new Set(names).size).toBe(names.length);
  expect(names.slice(0, 2)).toEqual(["wasm", "native"]);
  expect(rows[0]).toMatchObject({ kind: "measured", threads: 1 });
  expect(rows[0]?.["p99Us"]).toBeGreaterThanOrEqual(Number(rows[0]?.["p50Us"]));
  expect(rows.find(({ backend }) => backend === "litert")).toMatchObject({
    kind: "measured",
    threads: 1,
  });
  expect(names).toContain(auto["backend"]);
  expect(context.said.at(-1)).toBe(`auto: ${auto["backend"]}, 1 thread: ${auto["why"]}`);
  const { choices } = JSON.parse(readFileSync(choicesFile(), "utf8"));
  expect(Object.values(choices)).toMatchObject([{ backend: auto["backend"] }]);
});

test("one backend alone is measured here, on the batch that is asked for", async () => {
  const results = join(temporary(), "results.safetensors");
  const options = { backend: "wasm", batch: "3", results };
  const answer = await run(testContext(), [modelFile()], options);
  expect(answer).toMatchObject({ batch: 3, measurement: { backend: "wasm", threads: 1 } });
  expect(decodeSafetensors(readFileSync(results)).get("y")?.shape).toEqual([3, 2]);
  expect(existsSync(choicesFile())).toBe(false);
});

test("a model that nothing runs is said to be one, and nothing is remembered", async () => {
  const context = testContext();
  const model = modelFile("NoSuchOperator");
  const answer = await run(context, [model], { threads: "1" });
  const rows = answer?.["rows"] as readonly Readonly<Record<string, unknown>>[];
  expect(rows[0]).toMatchObject({
    backend: "wasm",
    kind: "failed",
    why: expect.stringMatching(/^MODEL_UNSUPPORTED: /),
  });
  expect(rows.some(({ kind }) => kind === "measured")).toBe(false);
  expect(context.failed).toEqual([
    { code: "MODEL_UNSUPPORTED", message: `nothing here runs ${model}` },
  ]);
  expect(existsSync(choicesFile())).toBe(false);
});

test.for<readonly [Readonly<Record<string, string>>, RegExp]>([
  [{ backend: "cuda" }, /^--backend must be auto, native, /],
  [{ batch: "0" }, /^--batch must be/],
  [{ threads: "x" }, /^--threads must be/],
])("%o is wrong usage", async ([options, message]) => {
  await expect(run(testContext(), [modelFile()], options)).rejects.toMatchObject({
    code: "USAGE",
    message: expect.stringMatching(message),
  });
});
