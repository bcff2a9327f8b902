import { f32 } from "../../graph/tensor.ts";
import type { BlockRow, Stage } from "../block.ts";
import { append, pipelineInvalid } from "../block.ts";
import type { Taper } from "../fourier.ts";
import { binsOf, power, sidesOf, taperOf } from "../fourier.ts";
import { taperFrom } from "./spectrum.ts";

/**
 * Turns time into a few bands: the part of the mean square that each contributes, in squared units.
 *
 * The bands `[edges[i], edges[i + 1])` of all frequencies add up to the (tapered) mean square.
 */
export type BandEnergiesBlock = {
  readonly kind: "band-energies";
  readonly rateHz: number;
  /** Ascending, at least two. */
  readonly edgesHz: readonly number[];
  readonly taper: Taper;
};

export const bandEnergies: BlockRow<BandEnergiesBlock> = {
  parse: (fields) => ({
    kind: "band-energies",
    rateHz: fields.number("rateHz"),
    edgesHz: fields.numbers("edgesHz"),
    taper: taperFrom(fields.text("taper", "hann")),
  }),
  apply(stage, block) {
    const { length, builder } = stage;
    const squares = taperOf(block.taper, length).reduce((sum, weight) => sum + weight * weight, 0);
    const energies = power(stage, block.taper, (bin) => sidesOf(bin, length) / (length * squares));
    const bands = bandsOf(stage, block);
    const count = block.edgesHz.length - 1;
    const matrix = builder.constant(f32(bands, [binsOf(length), count]), "bands");
    return { ...append(energies, "MatMul", [matrix]), length: count };
  },
};

/** Ones where a frequency lies in a band, `[bin, band]`. */
function bandsOf({ length }: Stage, { edgesHz, rateHz }: BandEnergiesBlock): number[] {
  const ascending = edgesHz.every((edge, i) => i === 0 || edge > (edgesHz[i - 1] ?? edge));
  if (!(rateHz > 0) || edgesHz.length < 2 || !ascending) {
    throw pipelineInvalid("band-energies: edges must ascend and the rate be above 0", {
      rateHz,
      edgesHz,
    });
  }
  const frequencies = Array.from({ length: binsOf(length) }, (_, bin) => (bin * rateHz) / length);
  const inside = (frequency: number, band: number): boolean =>
    frequency >= (edgesHz[band] ?? 0) && frequency < (edgesHz[band + 1] ?? 0);
  const bands = edgesHz.slice(1).map((_, band) => band);
  const empty = bands.find((band) => !frequencies.some((frequency) => inside(frequency, band)));
  if (empty !== undefined) {
    throw pipelineInvalid(`band-energies: no frequency of the window lies in band ${empty}`, {
      stepHz: rateHz / length,
      edgesHz,
    });
  }
  return frequencies.flatMap((frequency) => bands.map((band) => Number(inside(frequency, band))));
}
