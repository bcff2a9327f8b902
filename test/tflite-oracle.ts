import { expect, test } from "vitest";
import type { Graph } from "../core/src/graph/graph.ts";
import type { Tensors } from "../core/src/graph/tensor.ts";
import { largestDifference } from "../core/src/runtime/difference.ts";
import { openSession } from "../core/src/runtime/node/open.ts";
import { encodeTflite } from "../core/src/tflite/encode.ts";
import type { TfliteModel } from "../core/src/tflite/model.ts";
import { toTflite } from "../core/src/tflite/to-tflite.ts";
import { drawFrom } from "./reference/case.ts";
import { cases } from "./reference/cases.ts";
import { run } from "./reference/interpreter.ts";

/** The engines that a written model has to run on. */
export const engines = ["litert", "tflite"] as const;

/** Runs a model on an engine, once. */
export async function runTflite(
  model: TfliteModel,
  backend: (typeof engines)[number],
  feeds: Tensors,
): Promise<Tensors> {
  const session = await openSession(encodeTflite(model), { backend });
  try {
    return await session.run(feeds);
  } finally {
    await session.dispose();
  }
}

/** Names of a model's operators, in order. */
export const operatorsOf = (model: TfliteModel): readonly string[] =>
  (model.subgraphs[0]?.operators ?? []).map(({ op }) => op);

/** A random case of an operator with all inputs but the first as constants, and all sizes as numbers. */
export function fixedCase(name: string, seed: number): { graph: Graph; feeds: Tensors } {
  const { graph, feeds } = cases[name]!(drawFrom(seed));
  const [first, ...rest] = graph.inputs;
  const weights = rest.map((info) => [info.name, feeds[info.name]!] as const);
  const inputs = first ? [{ ...first, shape: feeds[first.name]!.shape }] : [];
  const outputs = graph.outputs.map(({ name: output, dtype }) => ({ name: output, dtype }));
  const initializers = new Map([...graph.initializers, ...weights]);
  return {
    graph: { ...graph, inputs, outputs, initializers },
    feeds: first ? { [first.name]: feeds[first.name]! } : {},
  };
}

/** float32 results beside those of the float64 interpreter; the bound for .tflite. */
const differenceMax = 1e-4;

/** Largest difference of float results, relative to the largest expected number. */
export function differenceTo(expected: Tensors, actual: Tensors): number {
  const narrow = Object.entries(expected).map(([name, tensor]) => {
    const { dtype = "float32" } = actual[name] ?? {};
    const data = dtype === "float32" ? Float32Array.from(tensor.data as Float64Array) : tensor.data;
    return [name, { ...tensor, dtype, data }] as const;
  });
  return largestDifference(Object.fromEntries(narrow) as Tensors, actual);
}

/**
 * Holds the export of operators to the float64 reference interpreter, on both engines, over random shapes and
 * attributes of the same cases that gradients are tested with.
 */
export function exportAgrees(names: readonly string[], seeds = 4): void {
  test.for(names)("%s is the same function on LiteRT and TensorFlow Lite", async (name) => {
    for (let seed = 0; seed < seeds; seed += 1) {
      const { graph, feeds } = fixedCase(name, seed);
      const expected = run(graph, feeds) as Tensors;
      const model = toTflite(graph);
      for (const engine of engines) {
        const difference = differenceTo(expected, await runTflite(model, engine, feeds));
        expect(difference, `${name}, seed ${seed}, ${engine}`).toBeLessThan(differenceMax);
      }
    }
  });
}
