import { join } from "node:path";
import { writeRecording } from "@edgeloop/core/data/node";
import { deriveSeed } from "@edgeloop/core/platform";
import { epochUs, periodUs, plantStream } from "./plant/plant-stream.ts";

/** Pumps of the laboratory, and seconds recorded of each. */
const laboratory = { pumps: 3, seconds: 60 };

/**
 * Records the laboratory's pumps: other machines than the field's, at the operating points before the change.
 *
 * @returns The folder of the recordings.
 */
export async function recordLaboratory(directory: string, seed: number): Promise<string> {
  const folder = join(directory, "laboratory");
  const endUs = epochUs + laboratory.seconds * 1e6;
  for (let index = 0; index < laboratory.pumps; index += 1) {
    const times = { changeUs: endUs, endUs };
    const stream = plantStream(deriveSeed(seed, "laboratory"), index, times);
    const rows = laboratory.seconds * 1000;
    const name = `laboratory-${index + 1}`;
    await writeRecording(
      join(folder, name),
      {
        sensor: stream.sensor,
        channels: ["x", "y", "z"].map((axis) => ({ name: axis, unit: "m/s2" })),
        rateHz: 1e6 / periodUs,
        origin: "simulated: sensor-adapters/src/simulate/pump.ts",
        attributes: { pump: name },
      },
      {
        timesUs: Float64Array.from({ length: rows }, (_, row) => epochUs + row * periodUs),
        data: stream.acceleration(epochUs, rows),
        labels: stream.segments.map((segment) => ({
          startUs: segment.startUs,
          endUs: segment.endUs,
          label: segment.state,
          by: "laboratory",
        })),
      },
      { synced: false },
    );
  }
  return folder;
}
