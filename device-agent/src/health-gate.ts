import type { Golden } from "@edgeloop/core/bundle";
import type { Clock } from "@edgeloop/core/platform";
import { codeOf, EdgeloopError, messageOf } from "@edgeloop/core/platform";
import type { Classifier } from "./classifier.ts";
import { gateRoundsMax, gateWarmUpRuns } from "./limits.ts";

/** What the health gate found. */
export type Health =
  | { readonly kind: "healthy"; readonly windows: number; readonly latencyMs: number }
  | { readonly kind: "unhealthy"; readonly code: string; readonly message: string };

/**
 * Tries a model before it may serve: golden windows give golden outputs, no NaN, and in time.
 *
 * The gate judges the model, not the moment: on a machine that is busy with other work every model waits, so latency is
 * the best round's median. What a window waits for in the field is in the gateway's own metrics.
 */
export async function checkHealth(
  classifier: Classifier,
  golden: Pick<Golden, "windows" | "int8">,
  clock: Clock,
): Promise<Health> {
  const { golden: expectations, constraints } = classifier.manifest;
  const cases = casesOf(golden);
  try {
    for (const { window } of cases.slice(0, gateWarmUpRuns)) await classifier.outputs(window);
    let latencyMs = Number.POSITIVE_INFINITY;
    for (let round = 0; round < gateRoundsMax; round += 1) {
      const timesMs: number[] = [];
      for (const [index, one] of cases.entries()) {
        const startMs = clock.monotonicMs();
        const outputs = await classifier.outputs(one.window);
        timesMs.push(clock.monotonicMs() - startMs);
        compare({ index, outputs, expected: one.expected, tolerance: expectations.tolerance.int8 });
      }
      latencyMs = Math.min(latencyMs, median(timesMs));
      if (latencyMs <= constraints.latencyP99MsMax) break;
    }
    if (latencyMs <= constraints.latencyP99MsMax) {
      return { kind: "healthy", windows: cases.length, latencyMs };
    }
    throw new EdgeloopError(
      "MODEL_TOO_SLOW",
      `expected at most ${constraints.latencyP99MsMax} ms a window, got ${latencyMs.toFixed(1)} ms`,
    );
  } catch (error) {
    return { kind: "unhealthy", code: codeOf(error), message: messageOf(error) };
  }
}

type Case = { readonly window: Float32Array; readonly expected: Float32Array };

function casesOf({ windows, int8 }: Pick<Golden, "windows" | "int8">): readonly Case[] {
  const count = windows.shape[0] ?? 0;
  const rows = (data: Float32Array, at: number): Float32Array =>
    data.slice((at * data.length) / count, ((at + 1) * data.length) / count);
  return Array.from({ length: count }, (_, at) => ({
    window: rows(windows.data, at),
    expected: rows(int8.data, at),
  }));
}

function compare(found: {
  readonly index: number;
  readonly outputs: Float32Array;
  readonly expected: Float32Array;
  readonly tolerance: number;
}): void {
  const { index, outputs, expected, tolerance } = found;
  for (const [at, value] of outputs.entries()) {
    if (!Number.isFinite(value)) {
      throw new EdgeloopError("MODEL_OUTPUT_INVALID", `golden window ${index} gives ${value}`);
    }
    const difference = Math.abs(value - (expected[at] ?? Number.NaN));
    if (!(difference <= tolerance)) {
      throw new EdgeloopError(
        "MODEL_GOLDEN_MISMATCH",
        `golden window ${index} is off by ${difference}, more than ${tolerance}`,
        { details: { index, difference, tolerance } },
      );
    }
  }
}

const median = (timesMs: readonly number[]): number =>
  timesMs.toSorted((a, b) => a - b)[Math.floor(timesMs.length / 2)] ?? 0;
