import type { BlockRow } from "../block.ts";
import { append, pipelineInvalid } from "../block.ts";
import type { Taper } from "../fourier.ts";
import { power, sidesOf, taperOf } from "../fourier.ts";

/**
 * Turns time into frequency: the amplitude at each multiple of rate / length up to half the rate.
 *
 * A sine on such a frequency shows with its own amplitude; the first value is the absolute mean.
 */
export type SpectrumBlock = { readonly kind: "spectrum"; readonly taper: Taper };

/** Reads the option `taper`. */
export function taperFrom(text: string): Taper {
  if (text === "hann" || text === "none") return text;
  throw pipelineInvalid(`taper must be hann or none, not ${text}`, { taper: text });
}

export const spectrum: BlockRow<SpectrumBlock> = {
  parse: (fields) => ({ kind: "spectrum", taper: taperFrom(fields.text("taper", "hann")) }),
  apply(stage, { taper }) {
    const { length } = stage;
    const total = taperOf(taper, length).reduce((sum, weight) => sum + weight, 0);
    return append(
      power(stage, taper, (bin) => (sidesOf(bin, length) / total) ** 2),
      "Sqrt",
    );
  },
};
