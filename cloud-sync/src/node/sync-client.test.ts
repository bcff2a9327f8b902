import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BlobStore, Log } from "@edgeloop/core/platform";
import { codeOf, parseName, silentLog } from "@edgeloop/core/platform";
import { systemClock } from "@edgeloop/core/platform/node";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { CoordinatorStatus } from "../coordinator-status.ts";
import type { Participant } from "../participant.ts";
import type { NoticeBoard, PlantDevice, RoundPlant, RunningPlant } from "../testing.ts";
import { noticeBoard, roundPlant, toyData, toyParticipant } from "../testing.ts";
import { openSyncClient } from "./sync-client.ts";

let directory: string;
let prepared: RoundPlant;
let plant: RunningPlant;
let board: NoticeBoard;
let stop: AbortController;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "edgeloop-sync-"));
  prepared = await roundPlant(
    directory,
    "loop: { rounds: 1, cohortMin: 1 }\ntraining: { epochs: 1 }\nrollout: { stages: [1] }\n",
  );
  board = noticeBoard();
  plant = await prepared.start({ onNotice: board.onNotice });
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  await plant.stop();
  await rm(directory, { recursive: true, force: true });
});

const range = { startUs: 0, endUs: 1_000_000 };
const propose = () => plant.admin("POST", "/v1/admin/campaigns", range);
const toy =
  (changes: Partial<Parameters<typeof toyParticipant>[0]>) =>
  (blobs: BlobStore): Participant =>
    toyParticipant({
      device: parseName("d1"),
      data: toyData(1, 30),
      blobs,
      clock: systemClock,
      ...changes,
    });

test("a device killed after training sends the stored update and does not train again", async () => {
  const trained: string[] = [];
  const participant = toy({ onCall: (method) => void trained.push(method) });
  const device = await prepared.device("d1", { participant });
  const life = new AbortController();
  // The first life ends between training and the first byte of the update.
  const first = await openSyncClient({
    ...clientOptions(device),
    participant: participant(device.blobs),
    fetch: (input, init) => {
      if (String(input).includes("/updates/")) {
        life.abort();
        return Promise.reject(new TypeError("killed"));
      }
      return fetch(input, init);
    },
  });
  const training = board.until(/^round\//, "training");
  const running = first.run(life.signal);
  await propose();
  await training;
  await running;
  expect(trained).toEqual(["prepare", "train"]);
  const released = board.until(/^round\//, "released");
  const again = await prepared.device("d1", { participant, before: device });
  const second = again.client.run(stop.signal);
  await released;
  expect(trained.filter((method) => method === "train")).toHaveLength(1);
  stop.abort();
  await second;
});

test("a device that waits for its labels answers again when it is woken", async () => {
  let complete = false;
  const asked = Promise.withResolvers<void>();
  const participant = toy({
    readiness: () => {
      asked.resolve();
      return complete
        ? { kind: "ready", examples: 30 }
        : { kind: "waiting", code: "LABELS_INCOMPLETE" };
    },
  });
  const device = await prepared.device("d1", { participant });
  const running = device.client.run(stop.signal);
  const waiting = board.until(/^round\//, "selecting");
  const training = board.until(/^round\//, "training");
  await propose();
  await Promise.all([waiting, asked.promise]);
  complete = true;
  device.client.wake();
  await training;
  stop.abort();
  await running;
});

test("events are kept while the coordinator is away, and each counts once", async () => {
  const device = await prepared.device("d1");
  await device.client.report({ code: "DRIFT_DETECTED", sensorUs: 5 });
  await device.client.report({ code: "LABELS_ADDED", sensorUs: 9, counters: {} });
  const arrived = board.until(/^device\/d1$/, "LABELS_ADDED");
  const running = device.client.run(stop.signal);
  await arrived;
  const { devices } = (await plant.admin("GET", "/v1/admin/status")) as CoordinatorStatus;
  expect(devices).toMatchObject([{ device: "d1", online: true, sensorUs: 9 }]);
  stop.abort();
  await running;
});

test("the client comes back by itself after the coordinator was away", async () => {
  const device = await prepared.device("d1");
  const done = board.until(/^rollout\/toys-v1$/, "done");
  const running = device.client.run(stop.signal);
  await done;
  await plant.stop();
  plant = await prepared.start({ onNotice: board.onNotice });
  const arrived = board.until(/^device\/d1$/, "OBJECTIVE_MISSED");
  await device.client.report({ code: "OBJECTIVE_MISSED", sensorUs: 1 });
  await arrived;
  stop.abort();
  await running;
});

test("a round that is given up ends the training for it", async () => {
  const started = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  const participant = (blobs: BlobStore): Participant => ({
    ...toy({})(blobs),
    train: (_plan, signal) =>
      new Promise((_resolve, reject) => {
        started.resolve();
        signal.addEventListener("abort", () => {
          ended.resolve();
          reject(signal.reason);
        });
      }),
  });
  const device = await prepared.device("d1", { participant });
  const running = device.client.run(stop.signal);
  await propose();
  await started.promise;
  await plant.stop();
  // Another version of the code abandons the round; the new attempt offers anew.
  plant = await prepared.start({ onNotice: board.onNotice, code: "9.9.9" });
  await ended.promise;
  stop.abort();
  await running;
});

test("a revoked device stops for good", async () => {
  const device = await prepared.device("d1");
  const installed = board.until(/^rollout\/toys-v1$/, "done");
  const over = device.client.run(stop.signal).then(() => "ENDED", codeOf);
  await installed;
  await plant.admin("POST", "/v1/admin/devices/d1/revoke", {});
  expect(await over).toBe("DEVICE_REVOKED");
});

test("a release that the device refuses stops the rollout, with its code", async () => {
  const device = await prepared.device("d1", {
    installer: {
      install: () =>
        Promise.resolve({ kind: "refused", code: "LINE_MISMATCH", message: "outside its line" }),
    },
  });
  const stopped = board.until(/^rollout\/toys-v1$/, "stopped");
  const running = device.client.run(stop.signal);
  expect((await stopped).details["failures"]).toEqual({ d1: "LINE_MISMATCH" });
  stop.abort();
  await running;
});

test("plain text to another machine is refused before anything is sent", async () => {
  const device = await prepared.device("d1");
  const open = openSyncClient({ ...clientOptions(device), url: "http://plant.example" });
  expect(await open.then(() => "OPENED", codeOf)).toBe("CONNECTION_INSECURE");
});

function clientOptions(device: PlantDevice) {
  const log: Log = silentLog;
  return {
    url: plant.addresses.url,
    mqttUrl: plant.addresses.mqttUrl,
    fleet: parseName("plant"),
    device: device.device,
    key: device.key,
    coordinatorKey: device.coordinatorKey,
    store: device.store,
    blobs: device.blobs,
    participant: toy({})(device.blobs),
    installer: { install: () => Promise.resolve({ kind: "active" } as const) },
    clock: systemClock,
    rng: () => 0.5,
    log,
  };
}
