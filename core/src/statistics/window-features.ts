/** Energy bands a window is split into, each an octave lower than the one before. */
const octaves = 5;
const perChannel = 4 + octaves;
// Below this a level counts as silence: its logarithm must stay finite.
const silence = 1e-9;

/**
 * Names the values that {@link windowFeatures} computes, in order.
 *
 * @example
 * windowFeatureNames(["x"])[1]; // => "x.level"
 */
export const windowFeatureNames = (channels: readonly string[]): readonly string[] =>
  channels.flatMap((channel) => [
    `${channel}.mean`,
    `${channel}.level`,
    `${channel}.crest`,
    `${channel}.zeroCrossings`,
    ...Array.from({ length: octaves }, (_, octave) => `${channel}.octave${octave + 1}`),
  ]);

/**
 * Summarises a window for drift detection.
 *
 * A channel gives its mean; the decimal logarithms of its root mean square about the mean (level) and of peak over it
 * (crest); the share of samples at which it crosses its mean; and the level in five octaves from half the rate down,
 * by the Haar wavelet. Logarithms, because levels of machines vary by factors.
 *
 * @param data Row-major `[time, channel]`, finite.
 * @param channels Number of channels.
 * @returns Nine values a channel.
 */
export function windowFeatures(data: Float32Array, channels: number): Float64Array {
  const rows = data.length / channels;
  const features = new Float64Array(channels * perChannel);
  const signal = new Float64Array(rows);
  for (let channel = 0; channel < channels; channel += 1) {
    let sum = 0;
    for (let row = 0; row < rows; row += 1) sum += data[row * channels + channel]!;
    const mean = sum / rows;
    for (let row = 0; row < rows; row += 1) signal[row] = data[row * channels + channel]! - mean;
    const at = channel * perChannel;
    features[at] = mean;
    levels(signal, features, at + 1);
    octaveLevels(signal, features, at + 4);
  }
  return features;
}

function levels(signal: Float64Array, features: Float64Array, at: number): void {
  let squares = 0;
  let peak = 0;
  let crossings = 0;
  for (let i = 0; i < signal.length; i += 1) {
    const value = signal[i]!;
    squares += value * value;
    peak = Math.max(peak, Math.abs(value));
    if (i > 0 && value < 0 !== signal[i - 1]! < 0) crossings += 1;
  }
  const level = Math.max(silence, Math.sqrt(squares / signal.length));
  features[at] = Math.log10(level);
  features[at + 1] = Math.log10(Math.max(silence, peak) / level);
  features[at + 2] = crossings / signal.length;
}

/** Levels of the Haar wavelet's details; overwrites `signal`. */
function octaveLevels(signal: Float64Array, features: Float64Array, at: number): void {
  let length = signal.length;
  for (let octave = 0; octave < octaves; octave += 1) {
    const half = length >> 1;
    let squares = 0;
    for (let i = 0; i < half; i += 1) {
      const a = signal[2 * i]!;
      const b = signal[2 * i + 1]!;
      squares += ((a - b) * (a - b)) / 2;
      signal[i] = (a + b) * Math.SQRT1_2;
    }
    const level = half === 0 ? 0 : Math.sqrt(squares / signal.length);
    features[at + octave] = Math.log10(Math.max(silence, level));
    length = half;
  }
}
