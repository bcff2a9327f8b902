import type { Problem } from "@edgeloop/models";
import type { CaptureLedger } from "../capture/ledger.ts";
import type { CoordinatorMember } from "../fleet/coordinator-member.ts";
import type { GatewayMember } from "../fleet/gateway-member.ts";
import { setUpGateway } from "../fleet/gateway-member.ts";
import { learnerWatch } from "../fleet/learner-watch.ts";
import type { PredictionBook } from "../plant/prediction-book.ts";
import type { Plant } from "../setup.ts";
import type { Process } from "../trouble.ts";
import { inParallel } from "./parallel.ts";
import type { PersonSensor } from "./person-sensor.ts";
import { connectPersonSensor, sensorTopic } from "./person-sensor.ts";
import { packedFormat } from "./replay-schedule.ts";

/** Gateways that start at the same time. */
const startsAtOnce = 3;

/** How often it is looked who trains: a learner counts as at work for longer than that. */
const lookMs = 100;

/** What gateways are opened with. */
export type StationOptions = {
  readonly plant: Plant;
  readonly coordinator: Pick<CoordinatorMember, "ask">;
  readonly names: readonly string[];
  readonly problem: Problem;
  readonly book: PredictionBook;
  readonly ledger: CaptureLedger;
  readonly backend: "native" | "wasm";
  /** Who labels. */
  readonly by: string;
  readonly signal: AbortSignal;
  /** Takes what has to be ended, the moment that it runs. */
  readonly onOpen: (close: () => Promise<void>) => void;
  /** Takes every gateway's process once it runs. */
  readonly onProcess: (process: Process) => void;
};

/** Starts a gateway for each name, a few at a time, and connects a sensor to each; in the order of the names. */
export async function openStations(options: StationOptions): Promise<readonly PersonSensor[]> {
  const members: GatewayMember[] = [];
  const { isAtWork } = learnerWatch();
  let busy = 0;
  const looks = setInterval(() => {
    busy = members.filter(({ daemon }) => isAtWork(daemon.pid())).length;
  }, lookMs);
  options.onOpen(() => Promise.resolve(clearInterval(looks)));
  const training = (): number => busy;
  return await inParallel(
    options.names,
    (name) => openStation(options, { name, training, onMember: (member) => members.push(member) }),
    startsAtOnce,
  );
}

type One = {
  readonly name: string;
  readonly training: () => number;
  readonly onMember: (member: GatewayMember) => void;
};

async function openStation(
  options: StationOptions,
  { name, training, onMember }: One,
): Promise<PersonSensor> {
  const { problem, signal, onOpen, onProcess } = options;
  const { sensor, rateHz, channels } = { ...problem.sensor, sensor: problem.sensor.name };
  const member = await setUpGateway({
    ...options,
    name,
    sensor: {
      ...{ kind: "mqtt", topic: sensorTopic(problem), format: packedFormat },
      ...{ sensor, rateHz, channels },
    },
    onRequest: () => undefined,
  });
  onOpen(async () => {
    await member.daemon.kill("SIGTERM");
    await member.close();
  });
  await member.daemon.start(signal);
  onMember(member);
  onProcess(member.daemon);
  const connected = await connectPersonSensor({
    ...options,
    brokerUrl: member.brokerUrl,
    gateway: name,
    training,
  });
  onOpen(connected.close);
  return connected;
}
