import type { StoredRecording } from "@edgeloop/core/data/node";
import type { Problem } from "@edgeloop/models";
import { refuseProblem } from "@edgeloop/models";

/**
 * Holds the slices of a problem to the recordings: results can be compared by an attribute that every recording has.
 *
 * @throws `PROBLEM_INVALID` at the slice, naming a recording without it and the attributes that it has.
 */
export function checkSlices(
  { slices }: Problem,
  recordings: readonly StoredRecording[],
  source: { readonly text: string; readonly file: string },
): void {
  for (const [at, slice] of slices.entries()) {
    const without = recordings.find(({ recording }) => recording.attributes[slice] === undefined);
    if (without === undefined) continue;
    const names = Object.keys(without.recording.attributes).join(", ") || "none";
    throw refuseProblem(
      source,
      ["slices", at],
      `expected an attribute of every recording, not "${slice}": ${without.directory} has ${names}`,
    );
  }
}
