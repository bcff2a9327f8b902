import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRng } from "@edgeloop/core/platform";
import { systemClock } from "@edgeloop/core/platform/node";
import { memoryBlobStore } from "@edgeloop/core/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { CoordinatorStatus } from "../coordinator-status.ts";
import { httpRepository } from "../ota-repository.ts";
import type { PlantDevice, RunningPlant } from "../testing.ts";
import { noticeBoard, plantApi, roundPlant } from "../testing.ts";
import { openUpdater } from "./ota-client.ts";

let directory: string;
let stop: AbortController;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "edgeloop-campaign-"));
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  await rm(directory, { recursive: true, force: true });
});

const settings = `
loop: { rounds: 2, cohortMin: 3 }
training: { epochs: 3, batchSize: 16, learningRate: 0.05 }
rollout: { stages: [1] }
aggregateRestMs: 40
`;

const range = { startUs: 0, endUs: 60_000_000 };
const statusOf = async (plant: RunningPlant): Promise<CoordinatorStatus> =>
  (await plant.admin("GET", "/v1/admin/status")) as CoordinatorStatus;

/** Runs a whole campaign; `accident` stops the coordinator while it aggregates the second round. */
async function campaign(place: string, accident: boolean): Promise<CoordinatorStatus> {
  const plant = await roundPlant(place, settings);
  const { onNotice, until } = noticeBoard();
  let running = await plant.start({ onNotice });
  const first = until(/^rollout\/toys-v1$/, "done");
  const devices: PlantDevice[] = [];
  for (const name of ["d1", "d2", "d3"]) devices.push(await plant.device(name));
  const runs = devices.map(({ client }) => client.run(stop.signal));
  await first;
  const done = until(/^rollout\/toys-v2$/, "done");
  const aggregating = until(/^round\/c1-r2\/1$/, "aggregating");
  await running.admin("POST", "/v1/admin/campaigns", range);
  if (accident) {
    await aggregating;
    await running.stop();
    running = await plant.start({ onNotice });
  }
  await done;
  const status = await statusOf(running);
  expect(devices.map(({ installed }) => installed)).toEqual(
    devices.map(() => ["releases/toys/1.json", "rounds/toys/2.json"]),
  );
  stop.abort();
  await Promise.all(runs);
  await running.stop();
  return status;
}

test("a campaign goes through its rounds to a release on every device", async () => {
  const status = await campaign(directory, false);
  expect(status.campaigns).toMatchObject([{ name: "c1", kind: "released" }]);
  expect(status.rounds).toMatchObject([
    { name: "c1-r1", kind: "released" },
    { name: "c1-r2", kind: "released" },
  ]);
  const figures = status.rounds.map(({ details }) => details["figures"]) as {
    candidate: { macroF1: number; accuracy: number };
    float: { accuracy: number };
    parent: { macroF1: number };
  }[];
  const last = figures.at(-1);
  expect(last?.candidate.macroF1).toBeGreaterThan(0.9);
  expect(last?.candidate.macroF1).toBeGreaterThan(last?.parent.macroF1 ?? 1);
  expect(Math.abs((last?.candidate.accuracy ?? 0) - (last?.float.accuracy ?? 1))).toBeLessThan(
    0.05,
  );
}, 60_000);

test("a coordinator that stops while it aggregates starts again and gives the same bits", async () => {
  const calm = await campaign(join(directory, "calm"), false);
  stop = new AbortController();
  const stormy = await campaign(join(directory, "stormy"), true);
  const manifestOf = ({ rollouts }: CoordinatorStatus): unknown =>
    rollouts.find(({ name }) => name === "toys-v2")?.details["release"];
  expect(manifestOf(calm)).toBeDefined();
  expect(manifestOf(stormy)).toEqual(manifestOf(calm));
  expect(stormy.rounds.map(({ details }) => details["figures"])).toEqual(
    calm.rounds.map(({ details }) => details["figures"]),
  );
}, 90_000);

test("a gateway's updater fetches a round's release over the coordinator's routes", async () => {
  const plant = await roundPlant(directory, settings);
  const running = await plant.start();
  const device = await plant.device("d1");
  const api = plantApi(running, device);
  const updater = await openUpdater({
    directory: join(directory, "updater"),
    fetch: httpRepository({
      url: `${running.addresses.url}/v1/repository`,
      fetch: globalThis.fetch,
      authorization: api.authorization,
    }),
    trustedRoot: device.root,
    blobs: memoryBlobStore(),
    clock: systemClock,
    rng: seededRng(1),
  });
  const [release] = await updater.releases("toys");
  const { fetchedBlobs } = await updater.fetchBundle(release?.target ?? "");
  expect(fetchedBlobs).toBeGreaterThan(3);
  await running.stop();
});
