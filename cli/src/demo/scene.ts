import type { Problem } from "@edgeloop/models";
import { parseProblem } from "@edgeloop/models";
import type { Accidents } from "./accidents.ts";
import type { CaptureLedger } from "./capture/ledger.ts";
import { captureLedger } from "./capture/ledger.ts";
import type { CoordinatorMember } from "./fleet/coordinator-member.ts";
import { coordinatorMember } from "./fleet/coordinator-member.ts";
import type { PlantPlayer } from "./fleet/plant-player.ts";
import type { PumpStation } from "./fleet/pump-station.ts";
import { recordLaboratory } from "./laboratory.ts";
import { noticeListener } from "./notice-listener.ts";
import { epochUs } from "./plant/plant-stream.ts";
import type { PredictionBook } from "./plant/prediction-book.ts";
import { predictionBook } from "./plant/prediction-book.ts";
import { pumpProblemOf } from "./problem-text.ts";
import type { LiveReport } from "./report/report-server.ts";
import type { RoundBook } from "./round-book.ts";
import { roundBook } from "./round-book.ts";
import type { DemoSettings } from "./settings.ts";
import { gatewayName, scheduleEndUs } from "./settings.ts";
import type { Plant } from "./setup.ts";
import { setUpPlant } from "./setup.ts";
import type { Stage } from "./stage.ts";
import { openStage } from "./stage.ts";
import { openStations } from "./stations.ts";
import type { Waiting } from "./timeline.ts";
import { waiting } from "./timeline.ts";
import type { Process } from "./trouble.ts";
import { troubleOf } from "./trouble.ts";

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

/** How often the page is brought up to date and trouble is looked for. */
const pageEveryMs = 1000;

/** What a scene is opened with. */
export type SceneOptions = {
  readonly settings: DemoSettings;
  readonly report: LiveReport;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
};

/**
 * Sets the plant up and starts every process of it: coordinator, then gateways, a few at a time.
 *
 * Waiting in the scene ends with an error once what is waited for cannot come. @see {@link troubleOf}
 */
export async function openScene(options: SceneOptions): Promise<Scene> {
  const over = new AbortController();
  const closings: (() => Promise<void> | void)[] = [];
  const close = async (): Promise<void> => {
    over.abort(new Error("the demo is over"));
    for (const one of closings.toReversed()) await one();
  };
  try {
    const signal = AbortSignal.any([options.signal, over.signal]);
    return await set({ ...options, signal, onOpen: (one) => closings.push(one), close });
  } catch (error) {
    await close();
    throw error;
  }
}

type Setting = SceneOptions & {
  /** Takes what has to be ended, the moment that it runs; the last is ended first. */
  readonly onOpen: (close: () => Promise<void> | void) => void;
  readonly close: () => Promise<void>;
};

async function set(options: Setting): Promise<Scene> {
  const { settings, report, say, signal, onOpen } = options;
  const names = Array.from({ length: settings.gateways }, (_, index) => gatewayName(index));
  const text = pumpProblemOf(settings.gateways);
  const problem = parseProblem(text, "edgeloop.yaml");
  const book = predictionBook(problem.classes);
  const [rounds, ledger] = [roundBook(), captureLedger()];
  let player: PlantPlayer | undefined;
  const stage = openStage({
    ...{ report, gateways: names, book, rounds, ledger, say },
    player: () => player,
  });
  stage.phase("setup");
  const plant = await setUpPlant({
    directory: settings.directory,
    problem: text,
    laboratory: (directory) => recordLaboratory(directory, settings.seed),
    groupBy: "pump",
    where: [],
    devices: settings.gateways,
    signal,
    say: (line) => stage.event(line),
  });
  const coordinator = coordinatorMember(plant);
  onOpen(() => coordinator.daemon.kill("SIGTERM"));
  await coordinator.daemon.start(signal);
  stage.phase("enrolling");
  const processes: Process[] = [coordinator.daemon];
  let failure: Error | undefined;
  const { until, poke } = waiting(signal, () => {
    const nowUs = player?.nowUs() ?? epochUs;
    const { phase } = report.state();
    const { directory } = settings;
    return (
      failure ??
      troubleOf({ ...{ processes, rounds, phase, nowUs, directory }, endUs: scheduleEndUs })
    );
  });
  const { stations, accidents } = await openStations({
    ...{ settings, problem, plant, coordinator, book, ledger, stage, signal, poke, onOpen },
    onFailure: (error) => {
      failure = error instanceof Error ? error : new Error(String(error));
      poke();
    },
  });
  processes.push(...stations);
  const follow = coordinator.follow(noticeListener({ rounds, accidents, stage, poke }), signal);
  onOpen(() => follow);
  const pages = setInterval(() => {
    stage.refresh();
    poke();
  }, pageEveryMs);
  onOpen(() => clearInterval(pages));
  onOpen(() => player?.stop());
  return {
    ...{ settings, problem, plant, coordinator, accidents, book, rounds, ledger, stage, until },
    stations,
    play: (started) => {
      player = started;
    },
    close: options.close,
  };
}
