import type { BlockRow } from "./block.ts";
import { pipelineInvalid } from "./block.ts";
import type { BandEnergiesBlock } from "./blocks/band-energies.ts";
import { bandEnergies } from "./blocks/band-energies.ts";
import type { DetrendBlock } from "./blocks/detrend.ts";
import { detrend } from "./blocks/detrend.ts";
import type { DifferencesBlock } from "./blocks/differences.ts";
import { differences } from "./blocks/differences.ts";
import type { LogCompressBlock } from "./blocks/log-compress.ts";
import { logCompress } from "./blocks/log-compress.ts";
import type { MagnitudeBlock } from "./blocks/magnitude.ts";
import { magnitude } from "./blocks/magnitude.ts";
import type { MovingAverageBlock } from "./blocks/moving-average.ts";
import { movingAverage } from "./blocks/moving-average.ts";
import type { RectifyBlock } from "./blocks/rectify.ts";
import { rectify } from "./blocks/rectify.ts";
import type { RemoveMeanBlock } from "./blocks/remove-mean.ts";
import { removeMean } from "./blocks/remove-mean.ts";
import type { SpectrumBlock } from "./blocks/spectrum.ts";
import { spectrum } from "./blocks/spectrum.ts";
import type { StandardizeBlock } from "./blocks/standardize.ts";
import { standardize } from "./blocks/standardize.ts";
import { fieldsOf } from "./fields.ts";

/** One step of preprocessing, as data. */
export type Block =
  | BandEnergiesBlock
  | DetrendBlock
  | DifferencesBlock
  | LogCompressBlock
  | MagnitudeBlock
  | MovingAverageBlock
  | RectifyBlock
  | RemoveMeanBlock
  | SpectrumBlock
  | StandardizeBlock;

/** Preprocessing as data, in order; JSON. */
export type Pipeline = readonly Block[];

/** Every kind of block; a new kind is a new row. */
export const blocks: {
  readonly [K in Block["kind"]]: BlockRow<Extract<Block, { readonly kind: K }>>;
} = {
  "band-energies": bandEnergies,
  detrend,
  differences,
  "log-compress": logCompress,
  magnitude,
  "moving-average": movingAverage,
  rectify,
  "remove-mean": removeMean,
  spectrum,
  standardize,
};

/**
 * Reads a pipeline from plain data and fills in what was left out.
 *
 * @throws `PIPELINE_INVALID` naming the block and the option.
 * @example
 * parsePipeline([{ kind: "spectrum" }]); // => [{ kind: "spectrum", taper: "hann" }]
 */
export function parsePipeline(value: unknown): Pipeline {
  if (!Array.isArray(value)) throw pipelineInvalid("a pipeline must be a list of blocks");
  return value.map((block: unknown, index) => parseBlock(block, index));
}

function parseBlock(value: unknown, index: number): Block {
  const kind =
    typeof value === "object" && value !== null && "kind" in value ? value.kind : undefined;
  const known = Object.keys(blocks);
  if (typeof kind !== "string" || !Object.hasOwn(blocks, kind)) {
    throw pipelineInvalid(`block ${index}: kind must be one of ${known.join(", ")}`, { kind });
  }
  const at = `block ${index} (${kind})`;
  const options = value as Readonly<Record<string, unknown>>;
  const block: Block = blocks[kind as Block["kind"]].parse(fieldsOf(options, at));
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(block, name));
  if (unknown !== undefined)
    throw pipelineInvalid(`${at}: there is no option ${unknown}`, { unknown });
  return block;
}
