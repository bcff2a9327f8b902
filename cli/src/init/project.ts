import type { ChannelInfo } from "@edgeloop/core/data";
import type { Name } from "@edgeloop/core/platform";

/** What a new project is about. */
export type Project = {
  /** Of the problem and its line of models. */
  readonly name: Name;
  readonly sensor: Name;
  readonly topic: string;
  readonly channels: readonly ChannelInfo[];
  readonly rateHz: number;
  readonly classes: readonly string[];
  readonly gateway: Name;
  readonly fleet: Name;
};

/** A window of about a second, within what the network of the template takes. */
export function windowOf(rateHz: number): {
  readonly lengthSamples: number;
  readonly hopSamples: number;
} {
  const lengthSamples = Math.min(256, Math.max(32, Math.round(rateHz)));
  return { lengthSamples, hopSamples: Math.round(lengthSamples / 4) };
}

/** JSON is YAML: whatever a name holds, it stays text. */
export const quoted = (text: string): string => JSON.stringify(text);

/** Writes channels as a YAML list. */
export const channelLines = (channels: readonly ChannelInfo[], indent: string): string =>
  channels
    .map(({ name, unit }) => `${indent}- { name: ${quoted(name)}, unit: ${quoted(unit)} }`)
    .join("\n");
