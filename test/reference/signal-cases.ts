import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Tensor } from "../../core/src/graph/tensor.ts";
import { f32 } from "../../core/src/graph/tensor.ts";
import { features } from "../../core/src/signal/features.ts";
import { parsePipeline } from "../../core/src/signal/pipeline.ts";
import { run } from "./interpreter.ts";
import { runOnnx, runtimes } from "./onnxruntime.ts";

type SignalCase = {
  readonly pipeline: unknown;
  readonly shape: number[];
  readonly expected: number[];
};

const fixture = JSON.parse(
  readFileSync(new URL("./fixtures/scipy-signal.json", import.meta.url), "utf8"),
) as { readonly window: number[]; readonly cases: Readonly<Record<string, SignalCase>> };

/** The window that the fixture's numbers belong to, and what it holds. */
export const signalInfo = { channels: ["a", "b", "c"], lengthSamples: 24 };
export const signalWindow: Tensor = f32(fixture.window, [2, 24, 3]);

const compare = (actual: Tensor, { shape, expected }: SignalCase, tolerance: number): void => {
  expect(actual.shape).toEqual(shape);
  for (const [i, e] of expected.entries()) {
    expect(Math.abs(Number(actual.data[i]) - e), `[${i}]`).toBeLessThan(
      tolerance * (1 + Math.abs(e)),
    );
  }
};

/** Tests a kind of block against numpy's and scipy's numbers, in float64 and on every runtime. */
export function signalContract(kind: string): void {
  const names = Object.keys(fixture.cases).filter((name) => name.split(" ")[0] === kind);
  test.for(names)("%s gives scipy's numbers", async (name) => {
    const found = fixture.cases[name]!;
    const graph = features(parsePipeline(found.pipeline), signalInfo);
    compare(run(graph, { window: signalWindow })["features"]!, found, 1e-6);
    for (const backend of runtimes.keys()) {
      compare((await runOnnx(graph, { window: signalWindow }, backend))["features"]!, found, 1e-5);
    }
  });
}

/** Builds one block alone over the fixture's window. */
export const build = (block: unknown, info: typeof signalInfo = signalInfo) =>
  features(parsePipeline([block]), info);
