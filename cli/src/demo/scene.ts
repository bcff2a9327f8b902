import type { Problem } from "@edgeloop/models";
import { parseProblem } from "@edgeloop/models";
import type { Accidents } from "./accidents.ts";
import { armAccidents } from "./accidents.ts";
import type { CaptureLedger } from "./capture/ledger.ts";
import { captureLedger } from "./capture/ledger.ts";
import type { CoordinatorMember, Notice } from "./fleet/coordinator-member.ts";
import { coordinatorMember } from "./fleet/coordinator-member.ts";
import { learnerWatch } from "./fleet/learner-watch.ts";
import type { PlantPlayer } from "./fleet/plant-player.ts";
import type { PumpStation } from "./fleet/pump-station.ts";
import { openPumpStation } from "./fleet/pump-station.ts";
import { recordLaboratory } from "./laboratory.ts";
import { epochUs } from "./plant/plant-stream.ts";
import type { PredictionBook } from "./plant/prediction-book.ts";
import { predictionBook } from "./plant/prediction-book.ts";
import { pumpProblem } from "./problem-text.ts";
import type { LiveReport } from "./report/report-server.ts";
import type { RoundBook } from "./round-book.ts";
import { roundBook } from "./round-book.ts";
import type { DemoSettings } from "./settings.ts";
import { gatewayName, scheduleSMax } from "./settings.ts";
import type { Plant } from "./setup.ts";
import { setUpPlant } from "./setup.ts";
import type { Stage } from "./stage.ts";
import { openStage } from "./stage.ts";
import type { Waiting } from "./timeline.ts";
import { waiting } from "./timeline.ts";

/** Everything that is alive while the demo runs. */
export type Scene = {
  readonly settings: DemoSettings;
  readonly problem: Problem;
  readonly plant: Plant;
  readonly coordinator: CoordinatorMember;
  readonly stations: readonly PumpStation[];
  readonly accidents: Accidents;
  readonly book: PredictionBook;
  readonly rounds: RoundBook;
  readonly ledger: CaptureLedger;
  readonly stage: Stage;
  readonly until: Waiting["until"];
  /** Tells the scene that the world is played now. */
  play(player: PlantPlayer): void;
  close(): Promise<void>;
};

/** How often processes are looked at, and how often the page is brought up to date. */
const intervals = { processesMs: 40, pageMs: 1000 };

/** News that come every second and say little. */
const quiet: ReadonlySet<string> = new Set(["LABELS_ADDED", "DATA_ADVANCED"]);

/** What a scene is opened with. */
export type SceneOptions = {
  readonly settings: DemoSettings;
  readonly report: LiveReport;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
};

/** Sets the plant up and starts every process of it: coordinator, then gateways, all at once. */
export async function openScene(options: SceneOptions): Promise<Scene> {
  const { settings, report, say } = options;
  const names = Array.from({ length: settings.gateways }, (_, index) => gatewayName(index));
  const problem = parseProblem(pumpProblem, "edgeloop.yaml");
  const over = new AbortController();
  const signal = AbortSignal.any([options.signal, over.signal]);
  const book = predictionBook(problem.classes);
  const [rounds, ledger] = [roundBook(), captureLedger()];
  const { until, poke } = waiting(signal);
  let player: PlantPlayer | undefined;
  const stage = openStage({
    ...{ report, gateways: names, book, rounds, ledger, say },
    player: () => player,
  });
  stage.phase("setup");
  const plant = await setUpPlant({
    directory: settings.directory,
    problem: pumpProblem,
    laboratory: (directory) => recordLaboratory(directory, settings.seed),
    groupBy: "pump",
    where: [],
    devices: settings.gateways,
    signal,
    say: (line) => stage.event(line),
  });
  const coordinator = coordinatorMember(plant);
  await coordinator.daemon.start(signal);
  stage.phase("enrolling");
  const armed: { accidents?: Accidents } = {};
  const stations: PumpStation[] = [];
  const { isAtWork } = learnerWatch();
  let busy: readonly string[] = [];
  const look = (): void => {
    const atWork = stations.filter(({ member }) => isAtWork(member.daemon.pid()));
    busy = atWork.map(({ member }) => member.name);
    armed.accidents?.onTraining(busy);
  };
  const open = async (name: string, index: number): Promise<PumpStation> =>
    await openPumpStation({
      ...{ plant, coordinator, name, index, problem, book, ledger, signal },
      training: () => busy.length,
      seed: settings.seed,
      isFirmware: index === names.length - 1,
      times: { endUs: epochUs + scheduleSMax * 1e6 },
      onRequest: (gateway, method, path) => armed.accidents?.onRequest(gateway, method, path),
      onNews: ({ gateway, code }) => stage.event(`${gateway}: ${code}`),
      onChange: poke,
    });
  stations.push(...(await Promise.all(names.map(open))));
  const accidents = armFor(stations, { coordinator, stage, signal, poke });
  armed.accidents = accidents;
  const follow = coordinator.follow(listener({ rounds, accidents, stage, poke }), signal);
  const ticks = setInterval(look, intervals.processesMs);
  const pages = setInterval(() => stage.refresh(), intervals.pageMs);
  return {
    ...{ settings, problem, plant, coordinator, stations, accidents, book, rounds, ledger, stage },
    until,
    play: (started) => {
      player = started;
    },
    close: async () => {
      clearInterval(ticks);
      clearInterval(pages);
      player?.stop();
      over.abort(new Error("the demo is over"));
      await follow;
      await Promise.allSettled(stations.map((station) => station.close()));
      await coordinator.daemon.kill("SIGTERM");
    },
  };
}

type Around = {
  readonly coordinator: CoordinatorMember;
  readonly stage: Stage;
  readonly signal: AbortSignal;
  readonly poke: () => void;
};

function armFor(stations: readonly PumpStation[], around: Around): Accidents {
  const [first, trainee = first, downloader = first] = stations;
  if (!trainee || !downloader) throw new RangeError("the demo needs a gateway");
  return armAccidents({
    trainee: trainee.member,
    downloader: downloader.member,
    coordinator: around.coordinator.daemon,
    signal: around.signal,
    onChange: ({ what }, how) => {
      around.stage.event(how === "killed" ? `accident: ${what}` : `back after: ${what}`);
      around.poke();
    },
  });
}

/** Takes the coordinator's notices; only what is new is worth a line. */
function listener(to: {
  readonly rounds: RoundBook;
  readonly accidents: Accidents;
  readonly stage: Stage;
  readonly poke: () => void;
}): (notice: Notice) => void {
  const last = new Map<string, string>();
  return (notice) => {
    const { stream, kind } = notice;
    to.rounds.take(notice, to.stage.atS());
    to.accidents.onNotice(notice);
    if (last.get(stream) !== kind && !quiet.has(kind)) to.stage.event(`${stream} ${kind}`);
    last.set(stream, kind);
    to.poke();
  };
}
