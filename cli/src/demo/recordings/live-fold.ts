import { join } from "node:path";
import type { StoredRecording } from "@edgeloop/core/data/node";
import { readRecording } from "@edgeloop/core/data/node";
import { EdgeloopError, isName } from "@edgeloop/core/platform";
import type { TrainPorts } from "@edgeloop/models";
import type { CaptureLedger } from "../capture/ledger.ts";
import { captureLedger } from "../capture/ledger.ts";
import type { Leaks } from "../capture/search.ts";
import { searchLeaks } from "../capture/search.ts";
import type { CoordinatorMember } from "../fleet/coordinator-member.ts";
import { coordinatorMember } from "../fleet/coordinator-member.ts";
import type { PredictionBook } from "../plant/prediction-book.ts";
import { predictionBook } from "../plant/prediction-book.ts";
import type { RolloutRow, RoundBook } from "../round-book.ts";
import { roundBook } from "../round-book.ts";
import type { Plant } from "../setup.ts";
import { waiting } from "../timeline.ts";
import type { FoldFigures, FoldOptions } from "./fold.ts";
import { accuracyOf, heldWindows } from "./fold.ts";
import type { LivePlantPorts } from "./live-plant.ts";
import { setUpLivePlant } from "./live-plant.ts";
import { openStations } from "./live-stations.ts";
import { inParallel } from "./parallel.ts";
import type { PersonSensor } from "./person-sensor.ts";
import { readReleased } from "./released-model.ts";
import type { LoadedRecording, Replay } from "./replay-schedule.ts";
import { replayEpochUs, scheduleReplay } from "./replay-schedule.ts";
import type { RecordingsSettings } from "./settings.ts";

/** Who labels, as the gateways are told: a text to look for in what crossed. */
const observer = "observer-5c1f";
/** Sensor time between the stretches that are played: longer than any of them. */
const dayUs = 24 * 3600 * 1_000_000;

/** What the live fold is told and tells. */
export type LivePorts = Pick<TrainPorts, "open"> &
  LivePlantPorts & {
    /** Told once everything is there to look at. */
    readonly onOpen?: (live: LiveBooks) => void;
    /** Takes the result while the fleet still runs. */
    readonly onResult: (live: LiveResult) => Promise<void>;
    readonly atS: () => number;
  };

/** Where the live fold writes what it sees. */
export type LiveBooks = {
  readonly gateways: readonly string[];
  readonly book: PredictionBook;
  readonly rounds: RoundBook;
  readonly ledger: CaptureLedger;
};

/** What came out of the live fold. */
export type LiveResult = Omit<FoldFigures, "central" | "centralInt8"> &
  LiveBooks & {
    readonly plant: Plant;
    readonly leaks: Leaks;
    /** Identities of the bundles that were released, the laboratory's first. */
    readonly releases: readonly string[];
    /** Published predictions on the replayed windows of the field, before and after the rounds. */
    readonly published: { readonly before: number; readonly after: number };
  };

/**
 * Runs one fold with real processes: a coordinator, and a gateway for each person of the field whose sensor replays that
 * person's recordings faster than real time.
 *
 * @throws `CAMPAIGN_FAILED`, `ROLLOUT_FAILED`, `REPLAY_STALLED`, `DAEMON_ENDED`, `DAEMON_NOT_READY`, `COMMAND_FAILED`
 */
export async function runLiveFold(
  fold: FoldOptions,
  people: ReadonlyMap<string, readonly StoredRecording[]>,
  settings: RecordingsSettings,
  ports: LivePorts,
): Promise<void> {
  const over = new AbortController();
  const signal = AbortSignal.any([ports.signal, over.signal]);
  const plant = await setUpLivePlant(fold, settings, { ...ports, signal });
  const books: LiveBooks = {
    gateways: fold.cast.field.map(nameOf),
    book: predictionBook(fold.problem.classes),
    rounds: roundBook(),
    ledger: captureLedger(),
  };
  ports.onOpen?.(books);
  const coordinator = coordinatorMember(plant);
  const closings: (() => Promise<void>)[] = [];
  const onOpen: Scene["onOpen"] = (close) => closings.push(close);
  const scene: Scene = { ...books, fold, plant, coordinator, ports, signal, onOpen };
  const { until, poke } = waiting(signal);
  const last = new Map<string, string>();
  const follow = coordinator.follow((notice) => {
    books.rounds.take(notice, ports.atS());
    const { stream, kind } = notice;
    if (!stream.startsWith("device/") && last.get(stream) !== kind)
      ports.event(`${stream} ${kind}`);
    last.set(stream, kind);
    poke();
  }, signal);
  try {
    await coordinator.daemon.start(signal);
    const replays = await inParallel(fold.cast.field, async (person) =>
      Promise.all((people.get(person) ?? []).map(load)),
    );
    await ports.onResult(await play(scene, replays, until));
    if (settings.stay) await until(() => false).catch(() => ports.event("interrupted"));
  } finally {
    over.abort(new Error("the live fold is over"));
    await follow;
    await Promise.allSettled(closings.map((close) => close()));
    await coordinator.daemon.kill("SIGTERM");
  }
}

type Scene = LiveBooks & {
  readonly fold: FoldOptions;
  readonly plant: Plant;
  readonly coordinator: CoordinatorMember;
  readonly onOpen: (close: () => Promise<void>) => void;
  readonly ports: LivePorts;
  readonly signal: AbortSignal;
};
type Until = (check: () => boolean) => Promise<void>;

/** A gateway is named after its person where that makes a name. */
const nameOf = (person: string, index: number): string =>
  isName(person) ? person : `person-${index + 1}`;

const load = async ({ directory, recording }: StoredRecording): Promise<LoadedRecording> => ({
  recording,
  content: await readRecording(directory),
});

/** Lets the people's days pass: replay, labels, campaign, the new model, replay again. */
async function play(
  scene: Scene,
  recordings: readonly (readonly LoadedRecording[])[],
  until: Until,
): Promise<LiveResult> {
  const { fold, plant, ports, gateways, book, rounds, ledger } = scene;
  const { problem } = fold;
  const spec = { rateHz: problem.sensor.rateHz, ...problem.window };
  const schedule = (startUs: number) => recordings.map((own) => scheduleReplay(own, spec, startUs));
  const sensors = await openStations({
    ...{ ...scene, problem, names: gateways, backend: ports.backend, by: observer },
  });
  const each = async (replays: readonly Replay[], run: Act): Promise<void> => {
    await Promise.all(
      sensors.map(async (sensor, index) => {
        const day = replays[index];
        if (day) await run(sensor, day);
      }),
    );
  };
  // A model is confirmed by the windows that it serves: until it is served everywhere, every sensor hums.
  const served = async (release: string, fromUs: number): Promise<void> => {
    const rollout = () => rounds.rollouts().find((row) => row.manifest === release);
    const isOver = (): boolean => ["done", "stopped"].includes(rollout()?.state ?? "");
    await Promise.all([
      until(isOver),
      each(schedule(fromUs), (sensor, day) => sensor.hum(day, isOver)),
    ]);
    refuseUnserved(rollout(), gateways.length);
  };
  await served(plant.release.sha256, replayEpochUs - dayUs);
  ports.event("gateways serve version 1; the recordings are replayed");
  const days = schedule(replayEpochUs);
  const endUs = Math.max(...days.map((day) => day.endUs));
  await each(days, (sensor, day) => sensor.play(day));
  // Data are complete up to an end only once something after it was seen: the first recording again.
  const eves = recordings.map((own) => scheduleReplay(own.slice(0, 1), spec, endUs));
  await each(eves, (sensor, eve) => sensor.play(eve));
  await each(days, (sensor, day) => sensor.label(day, endUs));
  const before = book.score((entry) => entry.endUs <= endUs).accuracy;
  ports.event(`${book.entries().length} windows predicted; labels are given, the rounds begin`);
  const manifest = await learn(scene, { startUs: replayEpochUs, endUs }, until);
  await served(manifest, endUs + dayUs);
  ports.event("gateways serve version 2; the recordings are replayed again");
  const againUs = endUs + 2 * dayUs;
  await each(schedule(againUs), (sensor, day) => sensor.play(day));
  return {
    ...(await figuresOf(scene, manifest)),
    ...{ gateways, book, rounds, ledger, plant },
    published: { before, after: book.score((entry) => entry.endUs > againUs).accuracy },
    releases: [plant.release.sha256, manifest],
    leaks: searchLeaks(ledger, { floats: floatsOf(days), steps: [], planted: [observer] }),
  };
}

type Act = (sensor: PersonSensor, day: Replay) => Promise<void>;

/** Has the coordinator run its rounds over a range; returns the identity of what it released. */
async function learn(
  { coordinator, rounds, plant }: Scene,
  range: { readonly startUs: number; readonly endUs: number },
  until: Until,
): Promise<string> {
  await startCampaign(coordinator, range);
  const next = (): string | undefined =>
    rounds.rollouts().find((row) => row.manifest !== plant.release.sha256)?.manifest;
  const hasFailed = (): boolean => ["rejected", "abandoned"].includes(rounds.campaign() ?? "");
  await until(() => next() !== undefined || hasFailed());
  const learned = next();
  if (learned !== undefined) return learned;
  throw new EdgeloopError("CAMPAIGN_FAILED", `the campaign ended ${rounds.campaign()}`);
}

async function startCampaign(
  coordinator: CoordinatorMember,
  range: { readonly startUs: number; readonly endUs: number },
): Promise<void> {
  const { campaign, message } = await coordinator.ask("campaigns", range);
  if (typeof campaign === "string") return;
  throw new EdgeloopError("CAMPAIGN_FAILED", `the coordinator refused a campaign: ${message}`);
}

/** @throws `ROLLOUT_FAILED` when a release is not active on every gateway */
function refuseUnserved(rollout: RolloutRow | undefined, gateways: number): void {
  const members = rollout?.members ?? {};
  const active = Object.values(members).filter((status) => status === "active");
  if (active.length === gateways) return;
  throw new EdgeloopError("ROLLOUT_FAILED", "a gateway does not serve the release: see its log", {
    details: { ...members },
  });
}

async function figuresOf(
  { fold, plant, ports }: Scene,
  manifest: string,
): Promise<Omit<FoldFigures, "central" | "centralInt8">> {
  const registry = join(plant.directory, "coordinator", "registry");
  const [first, last] = [
    await readReleased(registry, plant.release.sha256),
    await readReleased(registry, manifest),
  ];
  const held = heldWindows(fold);
  return {
    laboratory: await accuracyOf(first.float, held, ports),
    federated: await accuracyOf(last.float, held, ports),
    int8: await accuracyOf(last.int8, held, ports),
    windows: held.labels.length,
    people: fold.cast,
  };
}

function* floatsOf(days: readonly Replay[]): Generator<Float32Array> {
  for (const { packets } of days) for (const { samples } of packets) yield samples.data;
}
