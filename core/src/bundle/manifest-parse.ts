import type { ChannelInfo } from "../data/samples.ts";
import type { WindowSpec } from "../data/window.ts";
import { byteLengthOf, dtypes, isShape } from "../graph/dtypes.ts";
import type { DType } from "../graph/tensor.ts";
import type { BlobRef } from "../platform/blob-store.ts";
import { equalBytes, fromUtf8, utf8 } from "../platform/bytes.ts";
import type { Json } from "../platform/canonical-json.ts";
import { canonicalJson } from "../platform/canonical-json.ts";
import { EdgeloopError } from "../platform/errors.ts";
import type { Sha256 } from "../platform/ids.ts";
import { isName, isSha256 } from "../platform/ids.ts";
import { sha256 } from "../platform/sha256.ts";
import type {
  Manifest,
  ManifestConstraints,
  ManifestGolden,
  ManifestLineage,
  ManifestModel,
  ManifestPipeline,
  TensorBlob,
} from "./manifest.ts";
import type { Field } from "./manifest-field.ts";
import { field } from "./manifest-field.ts";

/** Format of the manifests that this version writes and reads. */
export const manifestFormat = 1;

/** A manifest above this is not read: some thousand tensors. */
export const manifestBytesMax: number = 1024 * 1024;

/** Classes, channels, metrics, rounds and data sets that one manifest may list. */
export const manifestListMax = 4096;

/** Tensors of one graph. */
export const manifestTensorsMax = 16_384;

/** Characters of a class name, a metric's name and any other text. */
export const manifestTextMax = 256;

/** Largest blob that a manifest may name. */
const blobBytesMax = 256 * 1024 * 1024;

/** Channels of a sensor and samples of a window; the windower's bounds are narrower. */
const channelsMax = 1024;
const windowSamplesMax = 1_048_576;

/**
 * Reads a manifest from outside: bounded, every field checked, unknown fields refused by the canonical form.
 *
 * @param bytes RFC 8785 JSON, exactly as `manifestBytes` writes it: otherwise two byte strings, and so two identities,
 * could mean the same bundle.
 * @throws `BUNDLE_MANIFEST_INVALID` naming the field, `BUNDLE_FORMAT_UNSUPPORTED`
 */
export function parseManifest(bytes: Uint8Array): Manifest {
  if (bytes.length > manifestBytesMax) throw invalid(`expected at most ${manifestBytesMax} bytes`);
  let json: unknown;
  try {
    json = JSON.parse(fromUtf8(bytes));
  } catch (cause) {
    throw invalid("expected JSON in UTF-8", cause);
  }
  const root = field(json);
  const format = root.get("format").integer(1);
  if (format !== manifestFormat) {
    throw new EdgeloopError(
      "BUNDLE_FORMAT_UNSUPPORTED",
      `the bundle has format ${format}, this version reads ${manifestFormat}; update edgeloop`,
      { details: { format } },
    );
  }
  const manifest: Manifest = {
    format: manifestFormat,
    line: root.get("line").is(isName, "a name"),
    version: root.get("version").integer(1),
    parent: root.get("parent").is(isParent, "a SHA-256 or null"),
    float: readModel(root.get("float")),
    int8: readModel(root.get("int8")),
    classes: texts(root.get("classes")),
    pipeline: readPipeline(root.get("pipeline")),
    golden: readGolden(root.get("golden")),
    metrics: Object.fromEntries(
      root
        .get("metrics")
        .entries(manifestListMax)
        .map(([name, value]) => [name, value.number()]),
    ),
    profile: readBlob(root.get("profile")),
    constraints: readConstraints(root.get("constraints")),
    lineage: readLineage(root.get("lineage")),
  };
  if (!equalBytes(canonicalBytes(manifest), bytes)) {
    throw invalid("expected canonical JSON (RFC 8785) without unknown fields");
  }
  return manifest;
}

/** Writes a manifest in its one form (RFC 8785). */
export const manifestBytes = (manifest: Manifest): Uint8Array<ArrayBuffer> =>
  utf8(canonicalJson(manifest));

/** Names a bundle: the SHA-256 of its manifest's bytes. */
export const manifestIdentity = (manifest: Manifest): Promise<Sha256> =>
  sha256(manifestBytes(manifest));

function canonicalBytes(manifest: Manifest): Uint8Array {
  try {
    return manifestBytes(manifest);
  } catch (cause) {
    throw invalid("expected JSON of ordinary depth", cause);
  }
}

function readModel(model: Field): ManifestModel {
  const tensors = model.get("tensors").entries(manifestTensorsMax);
  const small = model.get("small");
  return {
    graph: readBlob(model.get("graph")),
    tensors: Object.fromEntries(tensors.map(([name, tensor]) => [name, readTensor(tensor)])),
    ...(small.value === undefined ? {} : { small: readBlob(small) }),
  };
}

function readTensor(tensor: Field): TensorBlob {
  const blob = readBlob(tensor);
  const dtype = tensor.get("dtype").is(isDType, "an element type of fixed size");
  const dims = tensor.get("shape").items({ min: 0, max: 16 });
  const shape = dims.map((dim) => dim.integer(0, 2 ** 31));
  if (!isShape(shape) || byteLengthOf(dtype, shape) !== blob.bytes) {
    throw tensor.get("bytes").refuse("the size of its shape");
  }
  return { ...blob, dtype, shape };
}

const readBlob = (blob: Field): BlobRef => ({
  sha256: blob.get("sha256").is(isSha256, "a SHA-256"),
  bytes: blob.get("bytes").integer(0, blobBytesMax),
});

function readPipeline(pipeline: Field): ManifestPipeline {
  const channels = pipeline.get("channels").items({ min: 1, max: channelsMax });
  return {
    window: readWindow(pipeline.get("window")),
    channels: channels.map(readChannel),
    features: pipeline.get("features").is(isJson, "JSON"),
  };
}

const readChannel = (channel: Field): ChannelInfo => ({
  name: channel.get("name").text(manifestTextMax),
  unit: channel.get("unit").text(manifestTextMax),
});

const readWindow = (window: Field): WindowSpec => ({
  rateHz: window.get("rateHz").number(Number.MIN_VALUE, 1e9),
  lengthSamples: window.get("lengthSamples").integer(1, windowSamplesMax),
  hopSamples: window.get("hopSamples").integer(1, windowSamplesMax),
});

const readGolden = (golden: Field): ManifestGolden => ({
  windows: readBlob(golden.get("windows")),
  expected: readBlob(golden.get("expected")),
  count: golden.get("count").integer(1, manifestListMax),
  tolerance: {
    float: golden.get("tolerance").get("float").number(0),
    int8: golden.get("tolerance").get("int8").number(0),
  },
});

const readConstraints = (constraints: Field): ManifestConstraints => ({
  bundleBytesMax: constraints.get("bundleBytesMax").integer(1),
  latencyP99MsMax: constraints.get("latencyP99MsMax").number(0),
});

const readLineage = (lineage: Field): ManifestLineage => ({
  problem: lineage.get("problem").is(isSha256, "a SHA-256"),
  data: lineage
    .get("data")
    .items({ min: 0, max: manifestListMax })
    .map((hash) => hash.is(isSha256, "a SHA-256")),
  seed: lineage.get("seed").integer(0),
  code: lineage.get("code").text(manifestTextMax),
  rounds: lineage
    .get("rounds")
    .items({ min: 0, max: manifestListMax })
    .map((round) => round.text(manifestTextMax)),
});

const texts = (list: Field): readonly string[] =>
  list.items({ min: 1, max: manifestListMax }).map((item) => item.text(manifestTextMax));

const isParent = (value: unknown): value is Sha256 | null => value === null || isSha256(value);

const isDType = (value: unknown): value is DType =>
  typeof value === "string" && Object.hasOwn(dtypes, value) && value !== "string";

// JSON.parse makes nothing else; absent is what is left to refuse.
const isJson = (value: unknown): value is Json => value !== undefined;

const invalid = (message: string, cause?: unknown): EdgeloopError =>
  new EdgeloopError("BUNDLE_MANIFEST_INVALID", message, cause === undefined ? {} : { cause });
