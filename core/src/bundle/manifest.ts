import type { ChannelInfo } from "../data/samples.ts";
import type { WindowSpec } from "../data/window.ts";
import type { DType } from "../graph/tensor.ts";
import type { BlobRef } from "../platform/blob-store.ts";
import type { Json } from "../platform/canonical-json.ts";
import type { Name, Sha256 } from "../platform/ids.ts";

/** One weight tensor as a blob of its own: raw little-endian elements, row-major. */
export type TensorBlob = BlobRef & { readonly dtype: DType; readonly shape: readonly number[] };

/** A graph without initialisers, and the tensors that become its initialisers. */
export type ManifestModel = {
  /** ONNX bytes; every weight is an input. */
  readonly graph: BlobRef;
  /** Tensors of at least 1 KiB, by value name. */
  readonly tensors: Readonly<Record<string, TensorBlob>>;
  /** The smaller tensors together, as safetensors; absent when there are none. */
  readonly small?: BlobRef;
};

/** What turns a sensor's samples into a model's input. */
export type ManifestPipeline = {
  readonly window: WindowSpec;
  /** In the order of the model's channel axis. */
  readonly channels: readonly ChannelInfo[];
  /** The declared feature pipeline; its graph is part of both graphs already. */
  readonly features: Json;
};

/** Windows from the laboratory and what both graphs made of them there. */
export type ManifestGolden = {
  /** safetensors: `windows` int16 `[window, time, channel]`, `scale` float32 `[channel]`, in channel units a step. */
  readonly windows: BlobRef;
  /** safetensors: `float` and `int8`, float32 `[window, class]`. */
  readonly expected: BlobRef;
  readonly count: number;
  /** Largest absolute difference from `expected` that another machine may show. */
  readonly tolerance: { readonly float: number; readonly int8: number };
};

/** Limits that a bundle has to keep; size counts every byte of a first installation. */
export type ManifestConstraints = {
  readonly bundleBytesMax: number;
  /** 99th percentile of the time from a window's last sample to its prediction. */
  readonly latencyP99MsMax: number;
};

/** Where a bundle comes from. */
export type ManifestLineage = {
  /** SHA-256 of the problem file. */
  readonly problem: Sha256;
  /** SHA-256 of each data set. */
  readonly data: readonly Sha256[];
  readonly seed: number;
  /** Version of the code that made it. */
  readonly code: string;
  /** Ids of the federated rounds since the first release, oldest first. */
  readonly rounds: readonly string[];
};

/**
 * Everything that is released, signed and activated as one thing. Its identity is the SHA-256 of its bytes.
 *
 * Class names are untrusted text: escape them wherever they are shown.
 */
export type Manifest = {
  readonly format: 1;
  readonly line: Name;
  /** Grows within a line, from 1. */
  readonly version: number;
  /** Identity of the bundle that this one was trained from; null for one that starts afresh. */
  readonly parent: Sha256 | null;
  /** For learning. */
  readonly float: ManifestModel;
  /** For serving. */
  readonly int8: ManifestModel;
  readonly classes: readonly string[];
  readonly pipeline: ManifestPipeline;
  readonly golden: ManifestGolden;
  readonly metrics: Readonly<Record<string, number>>;
  /** Reference profile of the inputs, against which drift is measured; format of core/statistics. */
  readonly profile: BlobRef;
  readonly constraints: ManifestConstraints;
  readonly lineage: ManifestLineage;
};
