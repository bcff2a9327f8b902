import type { Noise } from "@edgeloop/core/quantize";
import type { Context } from "../command.ts";
import { table } from "../table.ts";

/** What quantization costs, by tensor and by layer. */
export type QuantizeReport = {
  /** Errors of everything before a tensor are in it. */
  readonly tensors: readonly Noise[];
  /** Results of the model when a layer alone is rounded; the worst first. */
  readonly layers: readonly Noise[];
};

/** Decibels for people: infinity is a tensor that did not change. */
export const decibels = (value: number): string =>
  Number.isFinite(value) ? `${value.toFixed(1)} dB` : "exact";

/** Prints both tables. */
export function showReport({ say }: Context, { tensors, layers }: QuantizeReport): void {
  const rowsOf = (noise: readonly Noise[]) =>
    noise.map(({ name, operator, signalToNoiseDb }) => [name, operator, decibels(signalToNoiseDb)]);
  const sections = [
    ["tensor", "made by", "signal to noise", tensors],
    ["layer alone", "operator", "signal to noise of the results", layers],
  ] as const;
  for (const [name, operator, what, noise] of sections) {
    say("");
    for (const line of table([[name, operator, what], ...rowsOf(noise)])) say(`  ${line}`);
  }
}

/** A report as JSON, which has no infinity: null is a tensor that did not change. */
export const reportJson = (report: object): Readonly<Record<string, unknown>> =>
  JSON.parse(JSON.stringify(report));
