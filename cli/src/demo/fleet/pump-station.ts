import type { EdgeloopError } from "@edgeloop/core/platform";
import { localTopics } from "@edgeloop/device-agent";
import type { Problem } from "@edgeloop/models";
import { connect } from "mqtt";
import type { CaptureLedger } from "../capture/ledger.ts";
import type { PlantStream, PlantTimes } from "../plant/plant-stream.ts";
import { accelerationStep, plantStream } from "../plant/plant-stream.ts";
import type { PredictionBook } from "../plant/prediction-book.ts";
import { demoNames } from "../settings.ts";
import type { Plant } from "../setup.ts";
import type { CoordinatorMember } from "./coordinator-member.ts";
import type { FirmwareSender } from "./firmware-sender.ts";
import { firmwareSender } from "./firmware-sender.ts";
import type { GatewayMember, MemberOptions } from "./gateway-member.ts";
import { setUpGateway } from "./gateway-member.ts";
import type { GatewayNews } from "./gateway-watch.ts";
import { watchGateway } from "./gateway-watch.ts";
import type { PacketSink, Played } from "./plant-player.ts";
import { sensorPublisher } from "./sensor-publisher.ts";

/** A pump with its sensor and its gateway, running. */
export type PumpStation = {
  readonly member: GatewayMember;
  readonly played: Played;
  readonly stream: PlantStream;
  /** How the sensor reaches the gateway. */
  readonly link: "mqtt" | "firmware, C99" | "firmware, TypeScript";
  /** What became of its processes, where one ended by itself. */
  lost(): EdgeloopError | undefined;
  close(): Promise<void>;
};

/** What a station is made from. */
export type StationOptions = {
  readonly plant: Plant;
  readonly coordinator: Pick<CoordinatorMember, "ask">;
  readonly name: string;
  readonly index: number;
  /** The sensor is behind the firmware bridge instead of publishing by itself. */
  readonly isFirmware: boolean;
  readonly seed: number;
  readonly times: PlantTimes;
  readonly problem: Problem;
  readonly book: PredictionBook;
  readonly ledger: CaptureLedger;
  readonly signal: AbortSignal;
  readonly training: () => number;
  readonly onPiece: NonNullable<MemberOptions["onPiece"]>;
  readonly onNews: (news: GatewayNews) => void;
  readonly onChange: () => void;
};

/** Sets a station up and starts its gateway. */
export async function openPumpStation(options: StationOptions): Promise<PumpStation> {
  const { plant, name, index, problem, signal } = options;
  const stream = plantStream(options.seed, index, options.times);
  let member: GatewayMember | undefined;
  const firmware = options.isFirmware
    ? await firmwareSender(plant.directory, 1000 + index, () => member?.daemon.running() === true)
    : undefined;
  member = await setUpGateway({
    ...options,
    backend: "wasm",
    sensor: sensorOf(problem, firmware),
  });
  await member.daemon.start(signal);
  const publisher = sensorPublisher(member.brokerUrl, demoNames.topic);
  const sink: PacketSink = firmware ?? publisher;
  const { client } = publisher;
  // A broker reads no more of a connection whose label is on its way to the disk: labels have one of their own.
  const labels = connect(member.brokerUrl, { reconnectPeriod: 200 });
  labels.on("error", () => undefined);
  await watchGateway({
    gateway: name,
    fleet: demoNames.fleet,
    line: demoNames.line,
    client,
    stream,
    sink,
    classes: problem.classes,
    book: options.book,
    training: options.training,
    onNews: options.onNews,
    onPrediction: options.onChange,
  });
  const topics = localTopics({ fleet: demoNames.fleet, id: name });
  return {
    member,
    stream,
    link: linkOf(firmware),
    lost: () => member.daemon.lost() ?? firmware?.lost(),
    played: { gateway: name, stream, sink, client: labels, labelsTopic: topics.labels },
    close: async () => {
      await Promise.all([publisher.close(), labels.endAsync(true)]);
      await firmware?.close();
      await member.daemon.kill("SIGTERM");
      await member.close();
    },
  };
}

function sensorOf({ sensor }: Problem, firmware: FirmwareSender | undefined) {
  const base = { sensor: sensor.name, rateHz: sensor.rateHz, channels: sensor.channels };
  if (firmware) {
    return { ...base, kind: "firmware", path: firmware.path, baudRate: 921_600 } as const;
  }
  const format = {
    kind: "packed",
    time: { type: "int64", unit: "us" },
    type: "int16",
    scale: accelerationStep,
  };
  return { ...base, kind: "mqtt", topic: demoNames.topic, format } as const;
}

function linkOf(firmware: FirmwareSender | undefined): PumpStation["link"] {
  if (firmware === undefined) return "mqtt";
  return firmware.made === "c99" ? "firmware, C99" : "firmware, TypeScript";
}
