import type { BlobRef, Name, Sha256 } from "@edgeloop/core/platform";
import type { Histogram } from "@edgeloop/core/statistics";
import type { Blueprint, CampaignRelease } from "./campaign-events.ts";
import type { RoundFigures } from "./federated-figures.ts";
import type { ModelRef } from "./wire-schema.ts";

/** What the coordinator does with models; the graphs that devices run are built here, never on a device. */
export type RoundModels = {
  /**
   * Builds step, calibration and evaluation graphs of the newest release of a line, and stores their blobs.
   *
   * @throws `LINE_UNKNOWN`
   */
  blueprint(line: Name): Promise<Blueprint>;
  /** Prepares a candidate for calibration. A pure function of its arguments. */
  observe(blueprint: Blueprint, parameters: BlobRef): Promise<ModelRef>;
  /** Quantizes a candidate with the ranges that the fleet saw. A pure function of its arguments. */
  quantize(
    blueprint: Blueprint,
    parameters: BlobRef,
    histograms: Readonly<Record<string, Histogram>>,
  ): Promise<ModelRef>;
  /** Bundles a candidate, signs it with the online key and publishes it; the same candidate twice is one release. */
  publish(candidate: PublishedCandidate): Promise<CampaignRelease>;
  /** Releases that the registry offers, oldest first. */
  releases(line: Name): Promise<readonly CampaignRelease[]>;
};

/** What becomes a release. */
export type PublishedCandidate = {
  readonly line: Name;
  readonly parent: Sha256;
  readonly parameters: BlobRef;
  readonly int8: ModelRef;
  readonly figures: RoundFigures;
  /** Rounds of the campaign up to the candidate's, oldest first. */
  readonly rounds: readonly Name[];
  readonly seed: number;
};
