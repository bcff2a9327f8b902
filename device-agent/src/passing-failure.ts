import { codeOf } from "@edgeloop/core/platform";

const diskFull: ReadonlySet<string> = new Set(["BLOB_FULL", "STORE_FULL", "ENOSPC", "EDQUOT"]);

/** A blob that the disk damaged is removed when that is noticed, and fetched again with the next attempt. */
const passing: ReadonlySet<string> = new Set([
  ...diskFull,
  "OTA_UNREACHABLE",
  "BLOB_MISMATCH",
  "STORE_FAILED",
  "EIO",
  "EROFS",
  "EMFILE",
  "ENFILE",
  "ENOMEM",
]);

/**
 * Tells a failure of the world, which says nothing about a release, from one that is the release's: it passes or is
 * mended, and whoever asked asks again. Reported as a refusal it would stop a whole fleet's rollout.
 */
export const isPassing = (error: unknown): boolean => passing.has(codeOf(error));

/** Tells a full disk: asking again at once would only fill it again. */
export const isDiskFull = (error: unknown): boolean => diskFull.has(codeOf(error));
