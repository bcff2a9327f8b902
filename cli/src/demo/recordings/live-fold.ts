import { setTimeout as delay } from "node:timers/promises";
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
import type { Process } from "../trouble.ts";
import { troubleOf } from "../trouble.ts";
import type { FoldOptions } from "./fold.ts";
import type { LiveFigures } from "./live-figures.ts";
import { liveFigures } from "./live-figures.ts";
import type { LivePlantPorts } from "./live-plant.ts";
import { setUpLivePlant } from "./live-plant.ts";
import { openStations } from "./live-stations.ts";
import { inParallel } from "./parallel.ts";
import type { Pace, PersonSensor } from "./person-sensor.ts";
import type { LoadedRecording, Replay } from "./replay-schedule.ts";
import { replayEpochUs } from "./replay-schedule.ts";
import type { RecordingsSettings } from "./settings.ts";
import type { Timetable } from "./timetable.ts";
import { labelPolicy, timetableOf } from "./timetable.ts";

/** Who labels, as the gateways are told: a text to look for in what crossed. */
const observer = "observer-5c1f";
/** Time between two packets of a sensor that hums: three times real time while models are installed, else real time. */
const humsMs = { install: 150, rounds: 500 };
/** Longest that labels take to start the rounds. Gateways report them once a second; a machine may have other work. */
const startMsMax = 180_000;
/** How often it is looked whether every process still runs. */
const lookMs = 1000;

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
export type LiveResult = LiveFigures &
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
  const recordings = await inParallel(fold.cast.field, async (person) =>
    Promise.all((people.get(person) ?? []).map(load)),
  );
  const { sensor, window } = fold.problem;
  const timetable = timetableOf(recordings, { rateHz: sensor.rateHz, ...window });
  const policy = labelPolicy(timetable);
  const plant = await setUpLivePlant(fold, { settings, policy }, { ...ports, signal });
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
  const processes: Process[] = [coordinator.daemon];
  const onProcess: Scene["onProcess"] = (process) => processes.push(process);
  const scene: Scene = { ...books, fold, plant, coordinator, ports, signal, onOpen, onProcess };
  const { directory } = plant;
  // Recordings have no schedule that could end.
  const lasting = { phase: "", nowUs: 0, endUs: Number.POSITIVE_INFINITY };
  const { until, poke } = waiting(signal, () =>
    troubleOf({ ...lasting, processes, rounds: books.rounds, directory }),
  );
  // A process that ends says nothing: it is looked for.
  const looks = setInterval(poke, lookMs);
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
    await ports.onResult(await play(scene, timetable, until));
    if (settings.stay) await until(() => false).catch(() => ports.event("interrupted"));
  } finally {
    clearInterval(looks);
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
  readonly onProcess: (process: Process) => void;
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

/** Lets the people's days pass: replay, labels, rounds, the new model, replay again. */
async function play(scene: Scene, timetable: Timetable, until: Until): Promise<LiveResult> {
  const { fold, plant, ports, gateways, book, rounds, ledger } = scene;
  const { days, eves, endUs, completeUs, startsUs } = timetable;
  const sensors = await openStations({
    ...{ ...scene, problem: fold.problem, names: gateways, backend: ports.backend, by: observer },
  });
  const each = async (replays: readonly Replay[], run: Act): Promise<void> => {
    await Promise.all(
      sensors.map(async (sensor, index) => {
        const day = replays[index];
        if (day) await run(sensor, day);
      }),
    );
  };
  const hum = (startUs: number, pace: Pace): Promise<void> =>
    each(timetable.from(startUs), (sensor, day) => sensor.hum(day, pace));
  // A model is confirmed by the windows that it serves: until it is served everywhere, every sensor hums.
  const served = async (release: string, fromUs: number): Promise<void> => {
    const rollout = () => rounds.rollouts().find((row) => row.manifest === release);
    const isOver = (): boolean => rollout()?.state === "done";
    await Promise.all([until(isOver), hum(fromUs, { everyMs: humsMs.install, isOver })]);
    refuseUnserved(rollout(), gateways.length);
  };
  await served(plant.release.sha256, startsUs.install);
  ports.event("gateways serve version 1; the recordings are replayed");
  await each(days, (sensor, day) => sensor.play(day));
  await each(eves, (sensor, eve) => sensor.play(eve));
  const before = book.score((entry) => entry.endUs > replayEpochUs && entry.endUs <= endUs);
  ports.event(`${before.windows} windows predicted; labels are given, which start the rounds`);
  await each(days, (sensor, day) => sensor.label(day, completeUs));
  const manifest = await learn(scene, (pace) => hum(startsUs.rounds, pace), until);
  await served(manifest, startsUs.reinstall);
  ports.event("gateways serve version 2; the recordings are replayed again");
  await each(timetable.from(startsUs.again), (sensor, day) => sensor.play(day));
  const after = book.score((entry) => entry.endUs > startsUs.again);
  return {
    ...(await liveFigures(fold, { plant, manifest }, ports)),
    ...{ gateways, book, rounds, ledger, plant },
    published: { before: before.accuracy, after: after.accuracy },
    releases: [plant.release.sha256, manifest],
    leaks: searchLeaks(ledger, { floats: floatsOf(days), steps: [], planted: [observer] }),
  };
}

type Act = (sensor: PersonSensor, day: Replay) => Promise<void>;

/** Waits for the rounds that the coordinator's policy starts, while sensors hum; returns what they released. */
async function learn(
  { rounds, plant, signal }: Scene,
  hum: (pace: Pace) => Promise<void>,
  until: Until,
): Promise<string> {
  await Promise.race([until(() => rounds.campaign() !== undefined), late(signal)]);
  const next = (): string | undefined =>
    rounds.rollouts().find((row) => row.manifest !== plant.release.sha256)?.manifest;
  const isOver = (): boolean => next() !== undefined;
  await Promise.all([until(isOver), hum({ everyMs: humsMs.rounds, isOver })]);
  const learned = next();
  if (learned === undefined) throw new RangeError("rounds end in a release");
  return learned;
}

/** Labels that gateways refuse are not counted: without them, rounds would be waited for for ever. */
async function late(signal: AbortSignal): Promise<never> {
  await delay(startMsMax, undefined, { signal, ref: false });
  throw new EdgeloopError("CAMPAIGN_FAILED", "labels did not start the rounds: see gateways' logs");
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

function* floatsOf(days: readonly Replay[]): Generator<Float32Array> {
  for (const { packets } of days) for (const { samples } of packets) yield samples.data;
}
