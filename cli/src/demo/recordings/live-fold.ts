import { join } from "node:path";
import type { StoredRecording } from "@edgeloop/core/data/node";
import { readRecording } from "@edgeloop/core/data/node";
import { EdgeloopError, isName } from "@edgeloop/core/platform";
import type { TrainPorts } from "@edgeloop/models";
import { stringify } from "yaml";
import type { CaptureLedger } from "../capture/ledger.ts";
import { captureLedger } from "../capture/ledger.ts";
import type { Leaks } from "../capture/search.ts";
import { searchLeaks } from "../capture/search.ts";
import type { CoordinatorMember } from "../fleet/coordinator-member.ts";
import { coordinatorMember } from "../fleet/coordinator-member.ts";
import type { PredictionBook } from "../plant/prediction-book.ts";
import { predictionBook } from "../plant/prediction-book.ts";
import type { RoundBook } from "../round-book.ts";
import { roundBook } from "../round-book.ts";
import type { Plant } from "../setup.ts";
import { setUpPlant } from "../setup.ts";
import { waiting } from "../timeline.ts";
import type { FoldFigures, FoldOptions } from "./fold.ts";
import { accuracyOf, heldWindows } from "./fold.ts";
import { inParallel } from "./parallel.ts";
import type { PersonStation } from "./person-station.ts";
import { openPersonStation } from "./person-station.ts";
import { readReleased } from "./released-model.ts";
import type { LoadedRecording, Replay } from "./replay-schedule.ts";
import { replayEpochUs, scheduleReplay } from "./replay-schedule.ts";
import type { RecordingsSettings } from "./settings.ts";

/** Who labels, as the gateways are told: a text to look for in what crossed. */
const observer = "observer-5c1f";
/** Gateways that start at the same time. */
const startsAtOnce = 3;
/** Sensor time between the stretches that are played: longer than any of them. */
const dayUs = 24 * 3600 * 1_000_000;
/** Deadlines that a dozen gateways on two cores keep. */
const deadlines = { selectingS: 120, trainingS: 300, calibratingS: 180, evaluatingS: 180 };

/** What the live fold is told and tells. */
export type LivePorts = Pick<TrainPorts, "open"> & {
  readonly backend: "native" | "wasm";
  readonly signal: AbortSignal;
  readonly event: (text: string) => void;
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
 * @throws `CAMPAIGN_FAILED`, `REPLAY_STALLED`, `DAEMON_ENDED`, `DAEMON_NOT_READY`, `COMMAND_FAILED`
 */
export async function runLiveFold(
  fold: FoldOptions,
  people: ReadonlyMap<string, readonly StoredRecording[]>,
  settings: RecordingsSettings,
  ports: LivePorts,
): Promise<void> {
  const over = new AbortController();
  const signal = AbortSignal.any([ports.signal, over.signal]);
  const plant = await setUp(fold, settings, { ...ports, signal });
  const books: LiveBooks = {
    gateways: fold.cast.field.map(nameOf),
    book: predictionBook(fold.problem.classes),
    rounds: roundBook(),
    ledger: captureLedger(),
  };
  ports.onOpen?.(books);
  const coordinator = coordinatorMember(plant);
  const scene: Scene = { ...books, fold, plant, coordinator, stations: [], ports, signal };
  await coordinator.daemon.start(signal);
  const { until, poke } = waiting(signal);
  const follow = coordinator.follow((notice) => {
    books.rounds.take(notice, ports.atS());
    const { stream, kind } = notice;
    if (!stream.startsWith("device/")) ports.event(`${stream} ${kind}`);
    poke();
  }, signal);
  try {
    const replays = await inParallel(fold.cast.field, async (person) =>
      Promise.all((people.get(person) ?? []).map(load)),
    );
    await ports.onResult(await play(scene, replays, until));
    if (settings.stay) await until(() => false).catch(() => ports.event("interrupted"));
  } finally {
    over.abort(new Error("the live fold is over"));
    await follow;
    await Promise.allSettled(scene.stations.map((station) => station.close()));
    await coordinator.daemon.kill("SIGTERM");
  }
}

type Scene = LiveBooks & {
  readonly fold: FoldOptions;
  readonly plant: Plant;
  readonly coordinator: CoordinatorMember;
  readonly stations: PersonStation[];
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
  const { fold, plant, coordinator, ports, gateways, book, rounds, ledger } = scene;
  const { problem } = fold;
  const spec = { rateHz: problem.sensor.rateHz, ...problem.window };
  scene.stations.push(...(await openStations(scene)));
  const days = recordings.map((own) => scheduleReplay(own, spec, replayEpochUs));
  const served = async (manifest: () => string, fromUs: number): Promise<void> => {
    const check = (): boolean => isServed(rounds, manifest(), gateways.length);
    const hums = recordings.map((own) => scheduleReplay(own, spec, fromUs));
    await Promise.all([
      until(check),
      eachStation(scene, hums, (station, hum) => station.hum(hum, check)),
    ]);
  };
  await served(() => plant.release.sha256, replayEpochUs - dayUs);
  ports.event("gateways serve version 1; the recordings are replayed");
  const endUs = Math.max(...days.map((day) => day.endUs));
  await eachStation(scene, days, (station, day) => station.play(day));
  // Data are complete up to an end only once something after it was seen: the first recording again.
  const eves = recordings.map((own) => scheduleReplay(own.slice(0, 1), spec, endUs));
  await eachStation(scene, eves, (station, eve) => station.play(eve));
  await eachStation(scene, days, (station, day) => station.label(day, endUs));
  const before = book.score(() => true).accuracy;
  ports.event(`${book.entries().length} windows predicted and labelled; the rounds begin`);
  await startCampaign(coordinator, { startUs: replayEpochUs, endUs });
  const isOver = (): boolean =>
    ["released", "rejected", "abandoned"].includes(rounds.campaign() ?? "");
  await until(isOver);
  if (rounds.campaign() !== "released") {
    throw new EdgeloopError("CAMPAIGN_FAILED", `the campaign ended ${rounds.campaign()}`);
  }
  const next = (): string | undefined =>
    rounds.rollouts().find(({ manifest }) => manifest !== plant.release.sha256)?.manifest;
  const humUs = Math.max(...eves.map((eve) => eve.endUs));
  await served(() => next() ?? "", humUs);
  ports.event("gateways serve version 2; the recordings are replayed again");
  const againUs = humUs + dayUs;
  const again = recordings.map((own) => scheduleReplay(own, spec, againUs));
  await eachStation(scene, again, (station, day) => station.play(day));
  const after = book.score((entry) => entry.endUs > againUs).accuracy;
  return {
    ...(await figuresOf(scene, next() ?? "")),
    ...{ gateways, book, rounds, ledger, plant },
    published: { before, after },
    releases: [plant.release.sha256, next() ?? ""],
    leaks: searchLeaks(ledger, { floats: floatsOf(days), steps: [], planted: [observer] }),
  };
}

async function openStations(scene: Scene): Promise<readonly PersonStation[]> {
  const { plant, coordinator, book, ledger, signal, ports, fold } = scene;
  return await inParallel(
    scene.gateways,
    (name) =>
      openPersonStation({
        ...{ plant, coordinator, name, book, ledger, signal },
        problem: fold.problem,
        backend: ports.backend,
        by: observer,
      }),
    startsAtOnce,
  );
}

async function eachStation(
  { stations }: Scene,
  replays: readonly Replay[],
  run: (station: PersonStation, replay: Replay) => Promise<void>,
): Promise<void> {
  await Promise.all(
    stations.map(async (station, index) => {
      const replay = replays[index];
      if (replay) await run(station, replay);
    }),
  );
}

async function startCampaign(
  coordinator: CoordinatorMember,
  range: { readonly startUs: number; readonly endUs: number },
): Promise<void> {
  const { campaign, message } = await coordinator.ask("campaigns", range);
  if (typeof campaign === "string") return;
  throw new EdgeloopError("CAMPAIGN_FAILED", `the coordinator refused a campaign: ${message}`);
}

/** Tells whether a release is active on every gateway. */
function isServed(rounds: RoundBook, manifest: string, gateways: number): boolean {
  const rollout = rounds.rollouts().find((row) => row.manifest === manifest);
  const states = Object.values(rollout?.members ?? {});
  return states.filter((state) => state === "active").length === gateways;
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

/** Keys, the laboratory's release, and a coordinator that runs the fold's rounds. */
async function setUp(
  fold: FoldOptions,
  settings: RecordingsSettings,
  { backend, signal, event }: LivePorts,
): Promise<Plant> {
  const { problem, rounds, cast } = fold;
  const field = cast.field.length;
  const loop = {
    approve: "automatic",
    rounds: rounds.rounds,
    release: "last",
    cohortMin: field,
  };
  const conditions = {
    ...(settings.laboratoryWhere ?? settings.where),
    [settings.groupBy]: cast.laboratory,
  };
  const { weightDecay, batchSize, seed, augment } = problem.training;
  return await setUpPlant({
    directory: settings.directory,
    problem: stringify({ ...problem, loop }),
    laboratory: () => Promise.resolve(settings.recordings),
    groupBy: settings.groupBy,
    where: Object.entries(conditions).flatMap(([name, values]) =>
      [values].flat().map((value) => `${name}=${value}`),
    ),
    devices: field,
    coordinator: {
      training: {
        ...{ seed, batchSize, augment, backend, optimizer: { kind: "adamw", weightDecay } },
        epochs: rounds.epochs,
        learningRate: rounds.learningRate,
        learningRateFloor: rounds.learningRateFloor,
        serverMomentum: rounds.serverMomentum,
        holdoutEvery: 0,
      },
      deadlines,
      rollout: { canaries: 1, stages: [1], failuresMax: 0, stageS: 300 },
      aggregateRestMs: 0,
    },
    signal,
    say: event,
  });
}
