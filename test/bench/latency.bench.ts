import { percentile } from "@edgeloop/core/statistics";
import { learnerWatch } from "../../cli/src/demo/fleet/learner-watch.ts";
import { packetUs } from "../../cli/src/demo/plant/plant-stream.ts";
import { pumpProblem } from "../../cli/src/demo/problem-text.ts";
import type { PlantTemplate } from "../scenarios/fleet/small-plant.ts";
import { plantTemplate } from "../scenarios/fleet/small-plant.ts";
import type { Station, TestFleet } from "../scenarios/fleet/test-fleet.ts";
import {
  atS,
  confirmedAtS,
  deliver,
  giveLabels,
  startFleet,
  statusOf,
  until,
} from "../scenarios/fleet/test-fleet.ts";
import type { Bench, Figure } from "./bench.ts";

const gateways = 6;
/** Windows that a state is measured over. */
const windowsMin = 1000;
/** Data that gateways learn from. */
const range = { fromS: confirmedAtS, toS: confirmedAtS + 12 };
/** Longest that a state is waited for. */
const waitMsMax = 400_000;
/** How often it is looked who trains; reading it for every window would cost more than the windows. */
const lookMs = 100;

/** Training of the only gateway that trains takes a minute: starts and installations are not what is measured. */
const epochs = 2000;

/** How many gateways train while a state is measured, whose windows are enough, and whether all packets are due at once. */
const states = {
  idle: { training: 0, inStep: false, of: "first" },
  "idle, all packets at once": { training: 0, inStep: true, of: "all" },
  "one training": { training: 1, inStep: false, of: "first" },
  "all six training": { training: gateways, inStep: false, of: "all" },
} as const;
type State = keyof typeof states;
const names = Object.keys(states) as State[];

/** One measured window: which gateway's, counted from 0. */
type Latency = { readonly gateway: number; readonly ms: number };
type Latencies = ReadonlyMap<State, Latency[]>;

export const bench: Bench = {
  name: "latency",
  about: `${gateways} gateway processes, ten windows a second each; from a window's last sample to its received prediction`,
  async run() {
    const template = await plantTemplate(pumpProblem.replace("atLeast: 0.95", "atLeast: 0.2"));
    try {
      return figuresOf(await measure(template));
    } finally {
      template.remove();
    }
  },
};

async function measure(template: PlantTemplate): Promise<Latencies> {
  const plant = await template.copy({ epochs, selectingS: 2 });
  const fleet = await startFleet(plant, { gateways, learnerNice: 19 });
  const latencies: Latencies = new Map(names.map((name) => [name, []]));
  const learners = watchLearners(fleet);
  const now: { state: State | undefined } = { state: undefined };
  for (const [gateway, station] of fleet.stations.entries()) {
    note(station, (ms) => {
      const { state } = now;
      if (!state || learners.training() !== states[state].training) return;
      latencies.get(state)?.push({ gateway, ms });
    });
  }
  try {
    const [first, ...others] = fleet.stations;
    await deliver(fleet, range.fromS, range.toS, { labelled: first ? [first] : [] });
    let fromS = range.toS + 0.2;
    const phase = async (state: State, work: (enough: () => boolean) => Promise<void>) => {
      const over = new AbortController();
      const startMs = performance.now();
      const span = { fromS, toS: 1e4, speed: 1, inStep: states[state].inStep };
      const playing = fleet.play({ ...span, signal: over.signal });
      now.state = state;
      await work(() => windowsOf(latencies, state, states[state].of).length >= windowsMin);
      now.state = undefined;
      over.abort();
      await playing;
      fromS += Math.ceil((performance.now() - startMs) / 1000) + 1;
    };
    const idle = (enough: () => boolean) => until("enough was measured", enough, { waitMsMax });
    await phase("idle", idle);
    await phase("idle, all packets at once", idle);
    await phase("one training", (enough) => whileTraining(fleet, enough));
    await Promise.all(others.map((station) => giveLabels(station, range.fromS, range.toS)));
    await phase("all six training", (enough) => whileTraining(fleet, enough));
    return latencies;
  } finally {
    learners.stop();
    await fleet.close();
  }
}

/** Starts one campaign after the other until enough was measured. */
async function whileTraining(fleet: TestFleet, enough: () => boolean): Promise<void> {
  const campaign = { startUs: atS(range.fromS), endUs: atS(range.toS), rounds: 1 };
  while (!enough()) {
    await fleet.coordinator.ask("campaigns", campaign);
    const over = async (): Promise<boolean> => enough() || !(await isBusy(fleet));
    await until("a campaign is over", over, { waitMsMax });
  }
}

async function isBusy(fleet: TestFleet): Promise<boolean> {
  const campaigns = await statusOf(fleet, "campaigns");
  const rollouts = await statusOf(fleet, "rollouts");
  return (
    campaigns.some(({ kind }) => ["building", "running", "publishing"].includes(kind)) ||
    rollouts.some(({ kind }) => kind === "rolling")
  );
}

/** Looks again and again how many gateways train. */
function watchLearners(fleet: TestFleet): { readonly training: () => number; stop(): void } {
  const watch = learnerWatch();
  let training = 0;
  const timer = setInterval(() => {
    const pids = fleet.stations.map(({ member }) => member.daemon.pid());
    training = pids.filter((pid) => watch.isAtWork(pid)).length;
  }, lookMs);
  return { training: () => training, stop: () => clearInterval(timer) };
}

/** Tells each prediction's latency; windows that had to wait for a process do not count. */
function note({ publisher, labels }: Station, take: (latencyMs: number) => void): void {
  labels.on("message", (_topic, payload) => {
    const arrivedMs = performance.now();
    const { endUs } = JSON.parse(payload.toString());
    const delivery = publisher.delivery(endUs - packetUs);
    if (delivery && !delivery.queued) take(arrivedMs - delivery.sentMs);
  });
}

/** The first gateway is the one that trains alone. */
const whose = {
  all: () => true,
  first: (gateway: number) => gateway === 0,
  others: (gateway: number) => gateway > 0,
} as const;

const windowsOf = (latencies: Latencies, state: State, of: keyof typeof whose): readonly number[] =>
  (latencies.get(state) ?? []).filter(({ gateway }) => whose[of](gateway)).map(({ ms }) => ms);

function figuresOf(latencies: Latencies): readonly Figure[] {
  const at = (windows: readonly number[], share: number): number =>
    percentile(Float64Array.from(windows).toSorted(), share);
  const rows = (
    label: string,
    windows: readonly number[],
    bar: Pick<Figure, "atMost"> = {},
  ): readonly Figure[] => [
    { label: `${label}: windows`, value: windows.length, unit: "count", atLeast: windowsMin },
    { label: `${label}: p50`, value: at(windows, 0.5), unit: "ms" },
    { label: `${label}: p99`, value: at(windows, 0.99), unit: "ms", ...bar },
  ];
  const alone = windowsOf(latencies, "idle", "first");
  return [
    ...rows("idle", windowsOf(latencies, "idle", "all"), { atMost: 25 }),
    ...rows("idle, all packets at once", windowsOf(latencies, "idle, all packets at once", "all")),
    ...rows("the first gateway idle", alone),
    ...rows("the first gateway while it trains", windowsOf(latencies, "one training", "first"), {
      atMost: Math.max(2 * at(alone, 0.99), 10),
    }),
    ...rows("its neighbours meanwhile", windowsOf(latencies, "one training", "others")),
    ...rows("all six training", windowsOf(latencies, "all six training", "all"), { atMost: 25 }),
  ];
}
