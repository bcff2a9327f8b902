import type { UnzipFileInfo, Zippable } from "fflate";
import { unzipSync, zipSync } from "fflate";
import { EdgeloopError } from "../platform/errors.ts";
import { npzEntriesMax, npzInflatedBytesMax } from "../platform/limits.ts";
import { decodeNpy, encodeNpy } from "./npy.ts";
import type { Tensor } from "./tensor.ts";

const ending = ".npy";

/** Deflate makes at most 1032 bytes of one (zlib's technical notes); a zip that claims more lies. */
const deflateRatioMax = 1032;

/** Zip's way of storing and of deflating an entry. */
const methods = { stored: 0, deflated: 8 } as const;

/**
 * Writes tensors as an `.npz` file: a zip of `.npy` files, stored as numpy's `savez` does. The bytes depend on the
 * content alone, not on the map's order, the time or the place.
 *
 * @throws `NPY_UNSUPPORTED` for text and 4-bit tensors, `TENSOR_INVALID`.
 * @example
 * decodeNpz(encodeNpz(new Map([["w", f32([1, 2])]]))).get("w")?.shape; // => [2]
 */
export function encodeNpz(tensors: ReadonlyMap<string, Tensor>): Uint8Array<ArrayBuffer> {
  const sorted = [...tensors].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const files: Zippable = Object.fromEntries(
    sorted.map(([name, tensor]) => [`${name}${ending}`, encodeNpy(tensor)]),
  );
  // Zip's oldest moment, in local time as zip wants it, so that it is the same everywhere.
  return zipSync(files, { level: methods.stored, mtime: "1980-01-01T00:00:00" });
}

/**
 * Reads an `.npz` file, stored or deflated. What its entries claim to hold is checked before anything is unpacked.
 *
 * @throws `NPZ_INVALID` for bytes that lie, `NPZ_TOO_LARGE` above `npzInflatedBytesMax`, and what `decodeNpy` throws.
 */
export function decodeNpz(bytes: Uint8Array): ReadonlyMap<string, Tensor> {
  const files = new Map(Object.entries(unzip(bytes)));
  return new Map(
    [...files].map(([name, file]) => [name.slice(0, -ending.length), tensorOf(name, file)]),
  );
}

function tensorOf(name: string, file: Uint8Array): Tensor {
  try {
    return decodeNpy(file);
  } catch (cause) {
    if (!(cause instanceof EdgeloopError)) throw cause;
    throw inside(name, cause);
  }
}

const inside = (name: string, cause: EdgeloopError): EdgeloopError =>
  new EdgeloopError(cause.code, `${name}: ${cause.message}`, {
    details: { ...cause.details, name },
    cause,
  });

function unzip(bytes: Uint8Array): Readonly<Record<string, Uint8Array>> {
  try {
    return unzipSync(bytes, { filter: checkEntries(bytes.length) });
  } catch (cause) {
    if (cause instanceof EdgeloopError) throw cause;
    throw invalid("not a zip file, or a damaged one", {}, cause);
  }
}

/** Looks at each entry's claims in turn, before its bytes. */
function checkEntries(fileBytes: number): (entry: UnzipFileInfo) => boolean {
  const names = new Set<string>();
  let packed = 0;
  let inflated = 0;
  return (entry) => {
    const { name, size, originalSize } = entry;
    if (!name.endsWith(ending) || names.has(name) || names.size >= npzEntriesMax) {
      throw invalid("entries must be .npy files, each there once", { name, max: npzEntriesMax });
    }
    names.add(name);
    packed += size;
    inflated += originalSize;
    // Entries that share bytes are how small zips become large ones.
    if (packed > fileBytes || originalSize > capacityOf(entry)) {
      throw invalid("an entry claims more than the file can hold", { name, size, originalSize });
    }
    if (inflated > npzInflatedBytesMax) {
      throw new EdgeloopError("NPZ_TOO_LARGE", "unpacked tensors must fit the limit; split them", {
        details: { name, bytes: inflated, max: npzInflatedBytesMax },
      });
    }
    return true;
  };
}

function capacityOf({ name, size, compression }: UnzipFileInfo): number {
  if (compression === methods.stored) return size;
  if (compression === methods.deflated) return size * deflateRatioMax;
  throw invalid("entries must be stored or deflated", { name, compression });
}

const invalid = (message: string, details: object, cause?: unknown): EdgeloopError =>
  new EdgeloopError("NPZ_INVALID", message, { details: { ...details }, cause });
