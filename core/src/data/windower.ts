import { EdgeloopError } from "../platform/errors.ts";
import type { GridRun, ResamplerCounters } from "./resampler.ts";
import { createResampler } from "./resampler.ts";
import type { Samples, SensorInfo } from "./samples.ts";
import type { SamplesRefusal } from "./samples-refusal.ts";
import type { Window, WindowSpec } from "./window.ts";

/** What a packet gave. */
export type Cut = {
  readonly windows: readonly Window[];
  /** Gaps in or before this packet that were too long to bridge; each ended the window that was open. */
  readonly gaps: number;
  /** Why the packet was refused; it then changed nothing. */
  readonly refusal?: SamplesRefusal;
};

/** What a windower saw so far. */
export type WindowerCounters = ResamplerCounters & {
  readonly windows: number;
  /** Rows of windows that a gap left unfinished, as far as no finished window holds them. */
  readonly samplesCut: number;
};

/** Cuts one sensor's stream into windows; state is at most one window and one packet. */
export type Windower = {
  push(samples: Samples): Cut;
  readonly counters: WindowerCounters;
};

/**
 * Builds a windower.
 *
 * Samples are put onto the grid of `spec.rateHz` first (see {@link createResampler}). Windows start at integer multiples
 * of the hop since the epoch, so that a restart, a replay and another gateway cut the same ones.
 *
 * @param options `gapSamplesMax`: longest gap, in samples, that is bridged by a straight line.
 * @throws `WINDOW_SPEC_INVALID` when rate, length and hop are not positive, length and hop not integers.
 */
export function createWindower(
  info: SensorInfo,
  spec: WindowSpec,
  options: { readonly gapSamplesMax?: number } = {},
): Windower {
  checkSpec(spec);
  const channels = info.channels.length;
  const resampler = createResampler({ channels, rateHz: spec.rateHz, ...options });
  // Rows of the open window and of the packet at hand; the first `used` values count.
  let open = new Float32Array(spec.lengthSamples * channels);
  let used = 0;
  let openIndex = 0;
  let windows = 0;
  let samplesCut = 0;

  const append = (data: Float32Array): void => {
    const needed = used + data.length;
    if (needed > open.length) {
      const grown = new Float32Array(needed);
      grown.set(open.subarray(0, used));
      open = grown;
    }
    open.set(data, used);
    used = needed;
  };
  const take = (run: GridRun): readonly Window[] => {
    if (!run.continues) {
      samplesCut += used / channels;
      used = 0;
      openIndex = run.firstIndex;
    }
    append(run.data);
    return cut();
  };
  const cut = (): readonly Window[] => {
    const { rateHz, lengthSamples, hopSamples } = spec;
    const endIndex = openIndex + used / channels;
    const found: Window[] = [];
    let start = Math.ceil(openIndex / hopSamples) * hopSamples;
    for (; start + lengthSamples <= endIndex; start += hopSamples) {
      const from = (start - openIndex) * channels;
      found.push({
        sensor: info.sensor,
        startUs: Math.round((start * 1e6) / rateHz),
        rateHz,
        data: open.slice(from, from + lengthSamples * channels),
      });
    }
    const keepFrom = Math.min(start, endIndex);
    open.copyWithin(0, (keepFrom - openIndex) * channels, used);
    used -= (keepFrom - openIndex) * channels;
    openIndex = keepFrom;
    return found;
  };

  return {
    get counters() {
      return { ...resampler.counters, windows, samplesCut };
    },
    push(samples) {
      const gapsBefore = resampler.counters.gaps;
      const runs = resampler.push(samples);
      if (!isRuns(runs)) return { windows: [], gaps: 0, refusal: runs };
      const found = runs.flatMap(take);
      windows += found.length;
      return { windows: found, gaps: resampler.counters.gaps - gapsBefore };
    },
  };
}

const isRuns = (result: readonly GridRun[] | SamplesRefusal): result is readonly GridRun[] =>
  Array.isArray(result);

function checkSpec(spec: WindowSpec): void {
  const { rateHz, lengthSamples, hopSamples } = spec;
  const whole = [lengthSamples, hopSamples].every((n) => Number.isSafeInteger(n) && n > 0);
  if (whole && Number.isFinite(rateHz) && rateHz > 0) return;
  throw new EdgeloopError(
    "WINDOW_SPEC_INVALID",
    "a window needs a positive rate, and a length and a hop of at least one whole sample",
    { details: { spec } },
  );
}
