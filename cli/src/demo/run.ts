import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { backendsOf } from "./backends.ts";
import type { PlantPlayer } from "./fleet/plant-player.ts";
import { playPlant } from "./fleet/plant-player.ts";
import { changeAfter, epochUs, packetUs } from "./plant/plant-stream.ts";
import { reportHtml } from "./report/report-html.ts";
import { serveReport } from "./report/report-server.ts";
import { emptyReport } from "./report/report-state.ts";
import type { DemoResult } from "./result.ts";
import { resultOf } from "./result.ts";
import { resultRows } from "./result-rows.ts";
import type { RoundBook } from "./round-book.ts";
import type { Scene } from "./scene.ts";
import { openScene } from "./scene.ts";
import type { DemoSettings } from "./settings.ts";
import { gatewayName } from "./settings.ts";
import { stayUntilInterrupted } from "./stay.ts";

/** Share of windows that get a label after the change, and how many seconds late. */
const labels = { share: 0.7, lateS: 4 };

/** What the demo says things with. */
export type DemoPorts = {
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
  /** Takes the result once the report is written, while the fleet still runs. */
  readonly onResult: (result: DemoResult) => void;
};

/** When the world changed, when the new model was everywhere, and which it was. */
type Recovery = {
  readonly changeUs: number;
  readonly recoveredUs: number;
  readonly recovered: string;
};

/**
 * Runs the plant with pumps from raw sensor data to a recovered fleet; every part is a process of its own.
 *
 * Writes `report.html` into the settings' folder; with `stay` the fleet then runs on until the signal.
 */
export async function runDemo(settings: DemoSettings, ports: DemoPorts): Promise<DemoResult> {
  const names = Array.from({ length: settings.gateways }, (_, index) => gatewayName(index));
  const report = await serveReport(emptyReport("edgeloop: a plant with pumps", names));
  try {
    ports.say(`live report: ${report.url}`);
    const scene = await openScene({ settings, report, ...ports });
    try {
      const { recovery, player } = await playScene(scene);
      const result = await resultOf({ ...scene, ...recovery, backend: await backendsOf(scene) });
      report.update({ results: resultRows(result) });
      scene.stage.refresh();
      scene.stage.phase("done");
      await writeFile(join(settings.directory, "report.html"), reportHtml(report.state()));
      ports.onResult(result);
      if (settings.stay) await stay(scene, player, ports.signal);
      return result;
    } finally {
      await scene.close();
    }
  } finally {
    await report.close();
  }
}

/** Keeps the fleet running until it is interrupted. */
async function stay(scene: Scene, player: PlantPlayer, signal: AbortSignal): Promise<void> {
  const { ledger, book, stage, stations } = scene;
  stage.event("the fleet goes on until it is interrupted");
  const streams = stations.map(({ stream }) => stream);
  await stayUntilInterrupted({ ledger, book, streams, nowUs: player.nowUs }, signal);
  stage.event("interrupted");
}

/** Plays the world, without an end, and waits for what has to happen, in order. */
async function playScene(
  scene: Scene,
): Promise<{ readonly recovery: Recovery; readonly player: PlantPlayer }> {
  const { settings, stations, stage, until, rounds, plant } = scene;
  let changeUs = Number.POSITIVE_INFINITY;
  const player = playPlant(
    stations.map((station) => station.played),
    { startUs: epochUs, endUs: Number.POSITIVE_INFINITY, speed: settings.speed },
    { seed: settings.seed, ...labels, windowUs: 2 * packetUs, fromUs: () => changeUs },
  );
  scene.play(player);
  await until(() => isServed(rounds, plant.release.sha256, stations.length));
  stage.phase("before");
  changeUs = changeAfter(player.nowUs() + settings.beforeS * 1e6);
  for (const { stream } of stations) stream.changeAt(changeUs);
  await until(() => player.nowUs() >= changeUs);
  stage.phase("changed");
  await until(() => rounds.rounds().length > 0);
  stage.phase("learning");
  const next = (): string | undefined =>
    rounds.rollouts().find(({ manifest }) => manifest !== plant.release.sha256)?.manifest;
  scene.accidents.armDownload();
  await until(() => next() !== undefined);
  stage.phase("rollout");
  const recovered = next() ?? "";
  await until(() => isServed(rounds, recovered, stations.length));
  const recoveredUs = player.nowUs();
  stage.phase("recovered");
  await until(() => hasEnough(scene, { changeUs, recoveredUs, recovered }));
  return { recovery: { changeUs, recoveredUs, recovered }, player };
}

/** Tells whether every gateway has predicted enough windows that began after the recovery. */
function hasEnough({ book, settings, stations }: Scene, after: Recovery): boolean {
  const counts = new Map<string, number>();
  for (const { gateway, model, endUs } of book.entries()) {
    const counted = model === after.recovered && endUs - 2 * packetUs >= after.recoveredUs;
    if (counted) counts.set(gateway, (counts.get(gateway) ?? 0) + 1);
  }
  return stations.every(
    ({ member }) => (counts.get(member.name) ?? 0) >= settings.recoveredWindowsMin,
  );
}

/** Tells whether a release is active on every gateway. */
function isServed(rounds: RoundBook, manifest: string, gateways: number): boolean {
  const rollout = rounds.rollouts().find((row) => row.manifest === manifest);
  const active = Object.values(rollout?.members ?? {}).filter((status) => status === "active");
  return active.length === gateways;
}
