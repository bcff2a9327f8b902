import { createRequire } from "node:module";
import type * as ort from "onnxruntime-node";
import { dtypeOfOnnx } from "../../graph/dtypes.ts";
import type { ValueInfo } from "../../graph/graph.ts";
import type { OrtRunnable, OrtTensors } from "../ort-program.ts";
import { valueInfo } from "../value-info.ts";

type RawValue = {
  readonly name: string;
  readonly isTensor: boolean;
  readonly type: number;
  readonly shape: readonly number[];
  readonly symbolicDimensions: readonly string[];
};

/** A session of onnxruntime-node's addon: what the package's own class wraps. Not a public interface. */
type AddonSession = {
  readonly inputMetadata: readonly RawValue[];
  readonly outputMetadata: readonly RawValue[];
  loadModel(
    bytes: ArrayBufferLike,
    byteOffset: number,
    byteLength: number,
    options: ort.InferenceSession.SessionOptions,
  ): void;
  run(feeds: OrtTensors, fetches: object, options: object): OrtTensors;
  dispose(): void;
};

/** The addon. */
export type Addon = { readonly open: () => AddonSession };

/** The version whose addon is driven; another one is used through its public interface. */
export const addonVersion = "1.30.0";

/**
 * Finds the addon inside onnxruntime-node; undefined where it does not look as expected.
 *
 * The package's own `run` waits for the event loop and checks names and types, which costs 2 of 8 microseconds; feeds
 * are checked here already. `native-addon.test.ts` compares the two.
 */
export function nativeAddon(): Addon | undefined {
  const require = createRequire(import.meta.url);
  try {
    const entry = require.resolve("onnxruntime-node");
    const { version } = require("onnxruntime-node/dist/version.js");
    const { binding, initOrt } = createRequire(entry)("./binding.js");
    const { prototype } = binding.InferenceSession;
    const calls = ["loadModel", "run", "dispose"];
    if (version !== addonVersion || calls.some((name) => !(name in prototype))) return undefined;
    initOrt();
    return { open: () => new binding.InferenceSession() };
  } catch {
    return undefined;
  }
}

/** A session on the addon, with the declarations of its model. */
export type AddonProgram = {
  readonly session: OrtRunnable;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
};

/** Loads a model; what the addon says of a bad one is thrown as it is. */
export function openOnAddon(
  { open }: Addon,
  model: Uint8Array,
  options: ort.InferenceSession.SessionOptions,
): AddonProgram {
  const session = open();
  session.loadModel(model.buffer, model.byteOffset, model.byteLength, options);
  return {
    session: {
      run: (feeds, fetches) => session.run(feeds, fetches, {}),
      release: () => session.dispose(),
    },
    inputs: session.inputMetadata.map(infoOf),
    outputs: session.outputMetadata.map(infoOf),
  };
}

function infoOf({ name, isTensor, type, shape, symbolicDimensions }: RawValue): ValueInfo {
  if (!isTensor) return valueInfo(name, undefined, []);
  const dims = shape.map((dim, axis) => (dim < 0 ? (symbolicDimensions[axis] ?? "?") : dim));
  return valueInfo(name, dtypeOfOnnx(type), dims);
}
