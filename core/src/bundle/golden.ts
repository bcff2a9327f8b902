import { decodeSafetensors, encodeSafetensors } from "../graph/safetensors.ts";
import type { Tensor, TensorOf } from "../graph/tensor.ts";
import { f32 } from "../graph/tensor.ts";
import type { BlobStore } from "../platform/blob-store.ts";
import { EdgeloopError } from "../platform/errors.ts";
import type { Manifest } from "./manifest.ts";

/** Largest step of an int16 sample. */
const int16Max = 32_767;

/** Golden windows as they are stored, and as every reader will see them. */
export type GoldenWindows = {
  /** safetensors: `windows` int16 `[window, time, channel]`, `scale` float32 `[channel]`. */
  readonly bytes: Uint8Array;
  /** The stored windows read again, float32 `[window, time, channel]`: run both graphs on these. */
  readonly windows: TensorOf<"float32">;
};

/** What a health gate compares: windows in, outputs of both graphs out. */
export type Golden = {
  /** `[window, time, channel]` */
  readonly windows: TensorOf<"float32">;
  /** `[window, class]` */
  readonly float: TensorOf<"float32">;
  /** `[window, class]` */
  readonly int8: TensorOf<"float32">;
};

/**
 * Packs windows as int16 with a scale a channel, which halves them; sensors deliver no more than 16 bits.
 *
 * @param windows float32 `[window, time, channel]`, finite.
 * @throws `GOLDEN_INVALID`
 * @example
 * const windows = { dtype: "float32", shape: [1, 2, 1], data: Float32Array.of(1, -2) } as const;
 * encodeGoldenWindows(windows).windows.shape; // => [1, 2, 1]
 */
export function encodeGoldenWindows(windows: TensorOf<"float32">): GoldenWindows {
  const channels = windows.shape[2] ?? 0;
  if (windows.shape.length !== 3 || windows.data.length === 0) {
    throw invalid("expected windows [window, time, channel]");
  }
  const largest = new Float32Array(channels);
  for (const [index, value] of windows.data.entries()) {
    if (!Number.isFinite(value)) throw invalid("expected finite windows");
    const channel = index % channels;
    largest[channel] = Math.max(largest[channel] ?? 0, Math.abs(value));
  }
  const scale = largest.map((value) => value / int16Max || 1);
  const packed = Int16Array.from(windows.data, (value, index) =>
    Math.max(-int16Max, Math.min(int16Max, Math.round(value / (scale[index % channels] ?? 1)))),
  );
  const bytes = encodeSafetensors(
    new Map<string, Tensor>([
      ["windows", { dtype: "int16", shape: windows.shape, data: packed }],
      ["scale", f32(scale)],
    ]),
  );
  return { bytes, windows: decodeGoldenWindows(bytes) };
}

/** Packs what both graphs made of the golden windows, float32 `[window, class]` each. */
export const encodeGoldenExpected = (
  outputs: Pick<Golden, "float" | "int8">,
): Uint8Array<ArrayBuffer> =>
  encodeSafetensors(
    new Map<string, Tensor>([
      ["float", outputs.float],
      ["int8", outputs.int8],
    ]),
  );

/**
 * Reads a bundle's golden windows and expected outputs.
 *
 * @throws `BLOB_MISSING`, `BLOB_MISMATCH`, `SAFETENSORS_INVALID`, `GOLDEN_INVALID`
 */
export async function loadGolden(manifest: Manifest, blobs: BlobStore): Promise<Golden> {
  const { count, ...refs } = manifest.golden;
  const windows = decodeGoldenWindows(await blobs.get(refs.windows.sha256));
  const expected = decodeSafetensors(await blobs.get(refs.expected.sha256));
  const outputs = [expected.get("float"), expected.get("int8")].map((output) =>
    floats(output, [count, manifest.classes.length]),
  );
  const [float, int8] = outputs;
  const { lengthSamples } = manifest.pipeline.window;
  const shape = [count, lengthSamples, manifest.pipeline.channels.length];
  if (!float || !int8) throw invalid("expected the outputs of both graphs");
  return { windows: floats(windows, shape), float, int8 };
}

function decodeGoldenWindows(bytes: Uint8Array): TensorOf<"float32"> {
  const tensors = decodeSafetensors(bytes);
  const packed = tensors.get("windows");
  const scale = tensors.get("scale");
  if (packed?.dtype !== "int16" || packed.shape.length !== 3) {
    throw invalid("expected windows int16 [window, time, channel]");
  }
  const channels = packed.shape[2] ?? 0;
  if (scale?.dtype !== "float32" || scale.data.length !== channels) {
    throw invalid("expected scale float32 [channel]");
  }
  const steps = scale.data;
  const data = Float32Array.from(
    packed.data,
    (step, index) => step * (steps[index % channels] ?? 0),
  );
  return f32(data, packed.shape);
}

function floats(tensor: Tensor | undefined, shape: readonly number[]): TensorOf<"float32"> {
  if (tensor?.dtype === "float32" && tensor.shape.join() === shape.join()) return tensor;
  throw invalid(`expected float32 [${shape.join(", ")}]`);
}

const invalid = (message: string): EdgeloopError => new EdgeloopError("GOLDEN_INVALID", message);
