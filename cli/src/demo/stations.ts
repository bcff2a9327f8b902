import type { Problem } from "@edgeloop/models";
import type { Accidents } from "./accidents.ts";
import { armAccidents } from "./accidents.ts";
import type { CaptureLedger } from "./capture/ledger.ts";
import type { CoordinatorMember } from "./fleet/coordinator-member.ts";
import { learnerWatch } from "./fleet/learner-watch.ts";
import type { PumpStation } from "./fleet/pump-station.ts";
import { openPumpStation } from "./fleet/pump-station.ts";
import type { PredictionBook } from "./plant/prediction-book.ts";
import { inParallel } from "./recordings/parallel.ts";
import { gatewayName, scheduleEndUs } from "./settings.ts";
import type { Plant } from "./setup.ts";
import type { Stage } from "./stage.ts";

/** The pumps with their gateways, running, and what is going to happen to some of them. */
export type Stations = {
  readonly stations: readonly PumpStation[];
  readonly accidents: Accidents;
};

/** What stations are opened with. */
export type StationsOptions = {
  readonly settings: { readonly gateways: number; readonly seed: number };
  readonly problem: Problem;
  readonly plant: Plant;
  readonly coordinator: CoordinatorMember;
  readonly book: PredictionBook;
  readonly ledger: CaptureLedger;
  readonly stage: Stage;
  readonly signal: AbortSignal;
  readonly poke: () => void;
  /** Told when a process that was killed did not come back. */
  readonly onFailure: (error: unknown) => void;
  /** Takes what has to be ended, the moment that it runs. */
  readonly onOpen: (close: () => Promise<void> | void) => void;
};

/** How often learners are looked at. */
const lookEveryMs = 40;

/** Gateways that start at the same time: more would keep each other from being ready in time. */
const startsAtOnce = 6;

/** Opens every pump's station, a few at a time, and arms the accidents. */
export async function openStations(options: StationsOptions): Promise<Stations> {
  const { settings, plant, coordinator, problem, book, ledger, stage, signal, poke } = options;
  const armed: { accidents?: Accidents } = {};
  const { isAtWork } = learnerWatch();
  let busy: readonly string[] = [];
  const open = async (index: number): Promise<PumpStation> => {
    const station = await openPumpStation({
      ...{ plant, coordinator, index, problem, book, ledger, signal },
      name: gatewayName(index),
      training: () => busy.length,
      seed: settings.seed,
      isFirmware: index === settings.gateways - 1,
      times: { endUs: scheduleEndUs },
      onPiece: (gateway, path, progress) => armed.accidents?.onPiece(gateway, path, progress),
      onNews: ({ gateway, code }) => stage.event(`${gateway}: ${code}`),
      onChange: poke,
    });
    closings.push(station.close);
    return station;
  };
  // Whatever did open is closed, side by side, when another does not.
  const closings: (() => Promise<void>)[] = [];
  options.onOpen(async () => {
    await Promise.allSettled(closings.map((close) => close()));
  });
  const indices = Array.from({ length: settings.gateways }, (_, index) => index);
  const stations = await inParallel(indices, open, startsAtOnce);
  const accidents = armFor(stations, options);
  armed.accidents = accidents;
  const looks = setInterval(() => {
    const atWork = stations.filter(({ member }) => isAtWork(member.daemon.pid()));
    busy = atWork.map(({ member }) => member.name);
    accidents.onTraining(busy);
  }, lookEveryMs);
  options.onOpen(() => clearInterval(looks));
  return { stations, accidents };
}

function armFor(stations: readonly PumpStation[], options: StationsOptions): Accidents {
  const { coordinator, signal, stage, poke, onFailure } = options;
  const [first, trainee = first, downloader = first] = stations;
  if (!trainee || !downloader) throw new RangeError("the demo needs a gateway");
  return armAccidents({
    trainee: trainee.member,
    downloader: downloader.member,
    coordinator: coordinator.daemon,
    signal,
    onChange: ({ what }, how) => {
      stage.event(how === "killed" ? `accident: ${what}` : `back after: ${what}`);
      poke();
    },
    onFailure,
  });
}
