import type { DriftEvent, DriftOptions, DriftState } from "@edgeloop/core/statistics";
import { driftDetector, windowFeatureNames, windowFeatures } from "@edgeloop/core/statistics";

/** A window as the drift watch takes it. */
export type WatchedWindow = {
  readonly sensor: string;
  readonly channels: readonly string[];
  /** Row-major `[time, channel]`. */
  readonly data: Float32Array;
  /** The model that served it: another one starts the watch again. */
  readonly model: string;
};

/** What a window told. */
export type DriftAnswer = {
  readonly event?: DriftEvent;
  /** What to remember over a restart, when it changed enough; as JSON. */
  readonly save?: string;
};

/** Watches the windows of all sensors; runs in a thread of its own, because a comparison takes its time. */
export type DriftHost = {
  observe(window: WatchedWindow): Promise<DriftAnswer>;
  /** Goes on from what was saved; what cannot be read is passed over. */
  restore(sensor: string, saved: string): Promise<void>;
};

type Watched = { readonly model: string; readonly detector: ReturnType<typeof driftDetector> };
type Saved = { readonly model: string; readonly state: DriftState };

/** Builds the watch. */
export function driftHost(options: Partial<Omit<DriftOptions, "features">> = {}): DriftHost {
  const sensors = new Map<string, Watched>();
  const saved = new Map<string, Saved>();

  const watchedBy = ({ sensor, channels, model }: WatchedWindow): Watched => {
    const known = sensors.get(sensor);
    if (known?.model === model) return known;
    const features = windowFeatureNames(channels);
    const before = saved.get(sensor);
    saved.delete(sensor);
    const detector =
      before?.model === model
        ? restored({ ...options, features }, before.state)
        : driftDetector({ ...options, features });
    const watched = { model, detector };
    sensors.set(sensor, watched);
    return watched;
  };

  return {
    observe(window) {
      const { detector, model } = watchedBy(window);
      const wasWatching = detector.state.watching;
      const event = detector.push(windowFeatures(window.data, window.channels.length));
      const changed = detector.state.watching !== wasWatching;
      return Promise.resolve({
        ...(event === undefined ? {} : { event }),
        ...(changed ? { save: JSON.stringify({ model, state: detector.state }) } : {}),
      });
    },
    restore(sensor, text) {
      const state: unknown = JSON.parse(text);
      if (isSaved(state)) saved.set(sensor, state);
      return Promise.resolve();
    },
  };
}

/** A state of other features, or of a later version, is begun anew. */
function restored(
  options: Parameters<typeof driftDetector>[0],
  state: DriftState,
): ReturnType<typeof driftDetector> {
  try {
    return driftDetector(options, state);
  } catch {
    return driftDetector(options);
  }
}

const isSaved = (value: unknown): value is Saved =>
  typeof value === "object" && value !== null && "model" in value && "state" in value;
