import { bytesOf, utf8 } from "@edgeloop/core/platform";
import { leakIndex } from "./leak-index.ts";
import type { CaptureLedger } from "./ledger.ts";

/** Everything raw that was on the gateways and may not have left them. */
export type RawData = {
  /** Samples as the gateway works with them. */
  readonly floats: Iterable<Float32Array>;
  /** Samples as the sensor sent them. */
  readonly steps: Iterable<Int16Array>;
  /** Texts that were planted among the labels. */
  readonly planted: readonly string[];
};

/** What the search found: 0 everywhere is what it should be. */
export type Leaks = {
  /** Offsets of the capture at which 16 bytes of a window stand, as float32 or as int16. */
  readonly samples: number;
  readonly plantedLabels: number;
  /** Sequences of 16 bytes that were looked for, and bytes that were looked through. */
  readonly sequences: number;
  readonly searchedBytes: number;
};

/** Searches everything that crossed for raw data, as it stands and as base64. */
export function searchLeaks(ledger: CaptureLedger, raw: RawData): Leaks {
  const index = leakIndex();
  for (const block of raw.floats) index.add(bytesOf(block), 4);
  for (const block of raw.steps) index.add(bytesOf(block), 2);
  const planted = raw.planted.map((text) => Buffer.from(utf8(text)));
  let [samples, plantedLabels, searchedBytes] = [0, 0, 0];
  for (const content of ledger.contents()) {
    for (const bytes of layersOf(content, layersMax)) {
      samples += index.count(bytes);
      plantedLabels += planted.filter((text) => bytes.includes(text)).length;
    }
    searchedBytes += content.length;
  }
  return { samples, plantedLabels, sequences: index.size, searchedBytes };
}

/** An envelope holds its payload as base64, and what is hidden in that may be base64 again. */
const layersMax = 3;

/** Longer than 16 bytes are as base64. */
const base64Run = /[\w+/-]{24,}/g;

/** Bytes as they crossed, and what the base64 in them stands for. */
function* layersOf(content: Uint8Array, layers: number): Generator<Buffer> {
  const buffer = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  yield buffer;
  if (layers === 0) return;
  for (const [run] of buffer.toString("latin1").matchAll(base64Run)) {
    // Letters of something else may stand before it, such as a path.
    for (const before of [0, 1, 2, 3]) {
      yield* layersOf(Buffer.from(run.slice(before), "base64"), layers - 1);
    }
  }
}
