import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeRecording } from "@edgeloop/core/data/node";
import { parse, stringify } from "yaml";
import { freePort } from "../../../cli/src/demo/fleet/free-port.ts";
import { epochUs, periodUs, plantStream } from "../../../cli/src/demo/plant/plant-stream.ts";
import { pumpProblem } from "../../../cli/src/demo/problem-text.ts";
import { demoNames } from "../../../cli/src/demo/settings.ts";
import type { Plant } from "../../../cli/src/demo/setup.ts";
import { setUpPlant } from "../../../cli/src/demo/setup.ts";
import { root } from "../../source-files.ts";

/** The seed of every scenario. */
export const seed = 7;
/** The line that scenarios serve. */
export const line: string = demoNames.line;

/** The demo's problem with a model that is trained in seconds and may be bad: scenarios ask for bits, not accuracy. */
export const smallProblem: string = pumpProblem
  .replace("atLeast: 0.95", "atLeast: 0.2")
  .replace("epochs: 8", "epochs: 3")
  .replace(/\{ filters: 16, kernel: 9, stride: 2 \}/, "{ filters: 8, kernel: 9, stride: 4 }")
  .replace(/\{ filters: 24, kernel: 7, stride: 2 \}/, "{ filters: 12, kernel: 5, stride: 2 }")
  .replace(/\n {4}- \{ filters: 32, kernel: 5, stride: 2 \}/, "");

/** Starts the fleet's processes from this checkout: its modules start whatever command line runs, here that is vitest. */
function runFromCheckout(): void {
  process.argv[1] = join(root, "cli", "src", "main.ts");
  process.execArgv = ["--conditions=@edgeloop/source"];
}

/** A plant that was set up and never started; copies of it are plants of their own with the same first release. */
export type PlantTemplate = {
  /** Copies the plant and gives the copy ports of its own. */
  copy(coordinator?: CoordinatorChanges): Promise<Plant>;
  remove(): void;
};

/** What people call a state of the pump, where that is not its name. */
export type Renamed = Readonly<Record<string, string>>;

/** How a copy's coordinator differs from the small one. */
export type CoordinatorChanges = { readonly epochs?: number; readonly selectingS?: number };

const wideDeadlines = { selectingS: 300, trainingS: 300, calibratingS: 300, evaluatingS: 300 };

/** Sets a plant up once: keys, a small laboratory, a first release. */
export async function plantTemplate(
  problem: string = smallProblem,
  renamed: Renamed = {},
): Promise<PlantTemplate> {
  runFromCheckout();
  const home = mkdtempSync(join(tmpdir(), "edgeloop-scenario-"));
  const plant = await setUpPlant({
    directory: join(home, "template"),
    problem,
    laboratory: (directory) => recordSmallLaboratory(directory, renamed),
    groupBy: "pump",
    where: [],
    devices: 6,
    signal: AbortSignal.timeout(120_000),
    say: () => undefined,
  });
  let copies = 0;
  return {
    async copy(changes = {}) {
      copies += 1;
      const directory = join(home, `plant-${copies}`);
      cpSync(plant.directory, directory, { recursive: true });
      const ports = { http: await freePort(), mqtt: await freePort(), admin: await freePort() };
      await rewriteCoordinator(directory, ports, changes);
      return { ...plant, directory, ports };
    },
    remove: () => rmSync(home, { recursive: true, force: true }),
  };
}

/** Small rounds that only the operator starts, and wide deadlines: what is slow here must not change what comes out. */
async function rewriteCoordinator(
  directory: string,
  ports: Plant["ports"],
  changes: CoordinatorChanges,
): Promise<void> {
  const file = join(directory, "coordinator.yaml");
  const { problem, ...before } = parse(await readFile(file, "utf8"));
  const { loop } = parse(await readFile(join(directory, problem), "utf8"));
  const config = {
    ...before,
    http: { ...before.http, port: ports.http },
    mqtt: { ...before.mqtt, port: ports.mqtt },
    admin: { ...before.admin, port: ports.admin },
    loop: { ...loop, retrain: {}, rounds: 1, cohortMin: 1 },
    // All at once: a canary would be confirmed by windows that come later than its turn.
    rollout: { ...before.rollout, canaries: 6 },
    training: { ...before.training, epochs: changes.epochs ?? 4, backend: "wasm", threads: 1 },
    deadlines: { ...wideDeadlines, selectingS: changes.selectingS ?? wideDeadlines.selectingS },
    aggregateRestMs: 250,
  };
  await writeFile(file, stringify(config));
}

async function recordSmallLaboratory(directory: string, renamed: Renamed): Promise<string> {
  const folder = join(directory, "laboratory");
  const seconds = 20;
  const endUs = epochUs + seconds * 1e6;
  for (const index of [0, 1, 2]) {
    const stream = plantStream(seed + 1000, index, { changeUs: endUs, endUs });
    const name = `laboratory-${index + 1}`;
    await writeRecording(
      join(folder, name),
      {
        sensor: stream.sensor,
        channels: ["x", "y", "z"].map((axis) => ({ name: axis, unit: "m/s2" })),
        rateHz: 1e6 / periodUs,
        origin: "simulated",
        attributes: { pump: name },
      },
      {
        timesUs: Float64Array.from(
          { length: seconds * 1000 },
          (_, row) => epochUs + row * periodUs,
        ),
        data: stream.acceleration(epochUs, seconds * 1000),
        labels: stream.segments.map(({ startUs, endUs: until, state }) => ({
          startUs,
          endUs: until,
          label: renamed[state] ?? state,
          by: "laboratory",
        })),
      },
      { synced: false },
    );
  }
  return folder;
}
