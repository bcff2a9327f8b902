import type { Manifest, ManifestConstraints, ManifestPipeline } from "@edgeloop/core/bundle";
import { bundleBytes } from "@edgeloop/core/bundle";
import type { Json, Name, Sha256 } from "@edgeloop/core/platform";
import { canonicalJson, equalBytes, fromUtf8, hasCode, utf8 } from "@edgeloop/core/platform";
import { z } from "zod";

import { otaError } from "./ota-error.ts";
import { parseWire, wire } from "./wire-schema.ts";

/** A line above this is not read. */
export const lineBytesMax: number = 256 * 1024;

/** Releases that a line may name as starts of a chain of rounds. */
export const lineParentsMax = 256;

/**
 * What the offline key fixes: whoever steals the coordinator's key can change weights inside a line, nothing else.
 *
 * Class names are untrusted text all the same.
 */
export type Line = {
  readonly format: 1;
  readonly line: Name;
  readonly graphs: { readonly float: Sha256; readonly int8: Sha256 };
  readonly pipeline: ManifestPipeline;
  readonly classes: readonly string[];
  readonly constraints: ManifestConstraints;
  /** Releases from which a chain of rounds may start, by identity; empty allows every release of the line. */
  readonly parents: readonly Sha256[];
  /** `operator` asks for the offline signature on every version: then no round is installed by itself. */
  readonly approve: "automatic" | "operator";
};

const text = z.string().min(1).max(256);
const lineSchema: z.ZodType<Line> = z.strictObject({
  format: wire.format,
  line: wire.name,
  graphs: z.strictObject({ float: wire.sha256, int8: wire.sha256 }),
  pipeline: z.strictObject({
    window: z.strictObject({
      rateHz: wire.magnitude,
      lengthSamples: wire.positive,
      hopSamples: wire.positive,
    }),
    channels: z
      .array(z.strictObject({ name: text, unit: text }))
      .min(1)
      .max(1024),
    features: z.json() as z.ZodType<Json>,
  }),
  classes: z.array(text).min(1).max(4096),
  constraints: z.strictObject({
    bundleBytesMax: wire.positive,
    latencyP99MsMax: z.number().nonnegative(),
  }),
  parents: z.array(wire.sha256).max(lineParentsMax),
  approve: z.enum(["automatic", "operator"]),
});

/** Takes the line that a first release stands for. */
export const lineOf = (manifest: Manifest, rules: Pick<Line, "parents" | "approve">): Line => ({
  format: 1,
  line: manifest.line,
  graphs: { float: manifest.float.graph.sha256, int8: manifest.int8.graph.sha256 },
  pipeline: manifest.pipeline,
  classes: manifest.classes,
  constraints: manifest.constraints,
  ...rules,
});

/** Writes a line in its one form (RFC 8785). */
export const lineBytes = (line: Line): Uint8Array<ArrayBuffer> => utf8(canonicalJson(line));

/**
 * Reads a line.
 *
 * @throws `LINE_INVALID`, `FORMAT_UNSUPPORTED`
 */
export function parseLine(bytes: Uint8Array): Line {
  if (bytes.length > lineBytesMax)
    throw otaError("LINE_INVALID", `expected at most ${lineBytesMax} bytes`);
  try {
    const line = parseWire("line", lineSchema, JSON.parse(fromUtf8(bytes)));
    if (equalBytes(lineBytes(line), bytes)) return line;
  } catch (cause) {
    if (hasCode(cause, "FORMAT_UNSUPPORTED")) throw cause;
    throw otaError("LINE_INVALID", "expected a line of format 1", {}, cause);
  }
  throw otaError("LINE_INVALID", "expected canonical JSON (RFC 8785)");
}

/**
 * Holds a manifest to its line: line, graphs, pipeline, classes and constraints equal the offline-signed ones, and the
 * bundle keeps its size.
 *
 * @throws `LINE_MISMATCH` naming the field, `BUNDLE_TOO_LARGE`
 */
export function checkLine(manifest: Manifest, line: Line): void {
  const offered = lineOf(manifest, { parents: line.parents, approve: line.approve });
  for (const field of ["line", "graphs", "pipeline", "classes", "constraints"] as const) {
    if (canonicalJson(offered[field]) !== canonicalJson(line[field])) {
      throw otaError(
        "LINE_MISMATCH",
        `${field} differs from the line that the offline key signed`,
        {
          line: line.line,
          field,
        },
      );
    }
  }
  const bytes = bundleBytes(manifest);
  if (bytes > line.constraints.bundleBytesMax) {
    throw otaError("BUNDLE_TOO_LARGE", "the bundle exceeds the size that its line allows", {
      bytes,
      bytesMax: line.constraints.bundleBytesMax,
    });
  }
}
