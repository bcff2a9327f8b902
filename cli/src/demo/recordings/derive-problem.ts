import type { Recording } from "@edgeloop/core/data";
import { EdgeloopError, isName } from "@edgeloop/core/platform";
import { stringify } from "yaml";

/** A window of a second, and a hop of a quarter of it. */
const window = { lengthS: 1, hopsPerWindow: 4 };

/** Light augmentation that suits a sensor worn or carried; half turns do not suit every one. */
const augment = { rotateDegrees: 30, scale: 0.1, jitter: 0.01, flip: false };

/**
 * Writes the `edgeloop.yaml` of recordings that come without one: channels, units and rate as recorded, a class a label,
 * windows of a second, and a 1-D CNN whose normalisation keeps no running statistics, which average badly over devices.
 *
 * @param recordings All of one kind of sensor.
 * @param labels Every label that occurs, in any order.
 * @throws `RECORDINGS_DIFFER` when channels or rates are not the same everywhere, `LABELS_TOO_FEW`
 */
export function deriveProblem(recordings: readonly Recording[], labels: Iterable<string>): string {
  const first = sameKind(recordings);
  const classes = [...new Set(labels)].toSorted();
  if (classes.length < 2) {
    throw new EdgeloopError("LABELS_TOO_FEW", "recordings to learn from need at least two labels", {
      details: { classes },
    });
  }
  const lengthSamples = Math.max(8, Math.round(first.rateHz * window.lengthS));
  return stringify({
    format: 1,
    name: isName(first.sensor) ? first.sensor : "recordings",
    task: "classification",
    sensor: {
      name: isName(first.sensor) ? first.sensor : "sensor",
      rateHz: first.rateHz,
      channels: first.channels,
    },
    window: { lengthSamples, hopSamples: Math.max(1, lengthSamples / window.hopsPerWindow) | 0 },
    classes,
    // Better than guessing: what can be reached is what the run is to find out.
    objective: { metric: "accuracy", atLeast: 1 / classes.length },
    constraints: { bundleBytesMax: 262_144, latencyMsP99Max: 100 },
    slices: [],
    features: [],
    model: {
      kind: "cnn",
      norm: "group",
      positions: 5,
      layers: [
        { filters: 32, kernel: 7, stride: 2 },
        { filters: 48, kernel: 5, stride: 2 },
        { filters: 64, kernel: 3, stride: 1 },
      ],
    },
    training: {
      epochs: 12,
      batchSize: 32,
      learningRate: 0.003,
      weightDecay: 0.01,
      labelSmoothing: 0,
      seed: 1,
      augment,
    },
  });
}

function sameKind(recordings: readonly Recording[]): Recording {
  const [first, ...rest] = recordings;
  if (first === undefined) throw new RangeError("a problem is derived from recordings");
  const kind = ({ channels, rateHz }: Recording): string =>
    JSON.stringify([channels.map(({ name, unit }) => [name, unit]), rateHz]);
  const other = rest.find((recording) => kind(recording) !== kind(first));
  if (other === undefined) return first;
  throw new EdgeloopError(
    "RECORDINGS_DIFFER",
    "expected recordings of the same channels, units and rate: choose some with --where",
    { details: { first: kind(first), other: kind(other) } },
  );
}
