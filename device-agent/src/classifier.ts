import type { Manifest } from "@edgeloop/core/bundle";
import type { SensorInfo } from "@edgeloop/core/data";
import type { Sha256 } from "@edgeloop/core/platform";
import { EdgeloopError } from "@edgeloop/core/platform";
import type { Backend, Session } from "@edgeloop/core/runtime";

/** What a model says about one window. */
export type Classification = {
  /** The class with the highest score; of equal ones the first. */
  readonly label: string;
  /** One score a class, in the manifest's order, adding up to 1. */
  readonly scores: readonly number[];
};

/** A bundle's int8 graph, ready to serve. */
export type Classifier = {
  readonly identity: Sha256;
  readonly manifest: Manifest;
  readonly backend: Backend;
  /**
   * Classifies one window, `[time, channel]` as the manifest's pipeline says.
   *
   * @throws `MODEL_OUTPUT_INVALID` on scores that are not finite, and what the session throws.
   */
  classify(data: Float32Array): Promise<Classification>;
  /** The model's raw output for one window. */
  outputs(data: Float32Array): Promise<Float32Array>;
  /** Starts the worker again if it died. */
  restart(): Promise<void>;
  dispose(): Promise<void>;
};

/** Tells whether a sensor gives what a model takes: the same channels in the same order and units. */
export function servesSensor(manifest: Manifest, info: SensorInfo): boolean {
  const wanted = manifest.pipeline.channels;
  return (
    wanted.length === info.channels.length &&
    wanted.every(
      ({ name, unit }, at) => info.channels[at]?.name === name && info.channels[at]?.unit === unit,
    )
  );
}

/** A session that may have to be started again. */
export type ServingSession = Session & { restart?(): Promise<void> };

/**
 * Serves a bundle on a session of its int8 graph.
 *
 * @throws `MODEL_SHAPE_MISMATCH` when the graph does not take the manifest's windows or give its classes.
 */
export function createClassifier(options: {
  readonly identity: Sha256;
  readonly manifest: Manifest;
  readonly session: ServingSession;
  readonly backend: Backend;
}): Classifier {
  const { identity, manifest, session, backend } = options;
  const { classes, pipeline } = manifest;
  const shape = [1, pipeline.window.lengthSamples, pipeline.channels.length];
  const [input, ...others] = session.inputs;
  const [output] = session.outputs;
  if (input === undefined || output === undefined || others.length > 0) {
    throw mismatch("expected one input and an output", { inputs: session.inputs.length });
  }
  const fits = [0, 1, 2].every((axis) => {
    const dim = input.shape?.[axis];
    return typeof dim !== "number" || dim === shape[axis];
  });
  if (input.dtype !== "float32" || !fits) {
    throw mismatch("expected windows as the manifest says", { expected: shape, got: input.shape });
  }

  const outputs = async (data: Float32Array): Promise<Float32Array> => {
    const feeds = { [input.name]: { dtype: "float32", shape, data } as const };
    const result = (await session.run(feeds, [output.name]))[output.name];
    if (result?.dtype !== "float32" || result.data.length !== classes.length) {
      throw mismatch("expected one float32 score a class", { classes: classes.length });
    }
    return result.data;
  };

  return {
    identity,
    manifest,
    backend,
    outputs,
    async classify(data) {
      const raw = await outputs(data);
      if (!raw.every(Number.isFinite)) {
        throw new EdgeloopError("MODEL_OUTPUT_INVALID", "expected finite scores from the model");
      }
      const scores = scoresOf(raw);
      const best = scores.indexOf(Math.max(...scores));
      return { label: classes[best] ?? "", scores };
    },
    restart: () => session.restart?.() ?? Promise.resolve(),
    dispose: () => session.dispose(),
  };
}

/**
 * Turns a model's output into scores that add up to 1: softmax, unless it is a distribution already.
 *
 * @example
 * scoresOf(Float32Array.of(0.25, 0.75)); // => [0.25, 0.75]
 */
export function scoresOf(raw: Float32Array): number[] {
  const values = Array.from(raw);
  const sum = values.reduce((all, value) => all + value, 0);
  const isDistribution = Math.abs(sum - 1) < 1e-3 && values.every((value) => value >= 0);
  if (isDistribution) return values.map(rounded);
  const top = Math.max(...values);
  const powers = values.map((value) => Math.exp(value - top));
  const total = powers.reduce((all, power) => all + power, 0);
  return powers.map((power) => rounded(power / total));
}

/** A float32 has seven digits; more would only be bytes on the wire. */
const rounded = (score: number): number => Math.round(score * 1e6) / 1e6;

const mismatch = (message: string, details: Readonly<Record<string, unknown>>): EdgeloopError =>
  new EdgeloopError("MODEL_SHAPE_MISMATCH", message, { details });
