import type { Adapter } from "@edgeloop/core/data";
import type { Clock } from "@edgeloop/core/platform";
import { firmwareAdapter } from "@edgeloop/firmware-bridge";
import { decoderOf, parseFormat } from "@edgeloop/sensor-adapters";
import {
  mqttAdapter,
  openByteChannel,
  replayAdapter,
  serialAdapter,
} from "@edgeloop/sensor-adapters/node";
import type { SensorConfig } from "../config.ts";
import { sensorInfo } from "../config.ts";

/** What opening an adapter needs beside its configuration. */
export type AdapterSurroundings = {
  /** The gateway's own broker, for sensors that name no other. */
  readonly brokerUrl: string;
  readonly clock: Clock;
};

type Kind = SensorConfig["kind"];
type ConfigOf<K extends Kind> = Extract<SensorConfig, { readonly kind: K }>;

/** One opener for each kind of sensor; a kind without a row does not compile. */
export type AdapterOpeners = {
  readonly [K in Kind]: (config: ConfigOf<K>, surroundings: AdapterSurroundings) => Adapter;
};

/** How each kind of sensor is opened. */
export const adapterOpeners: AdapterOpeners = {
  mqtt: (config, { brokerUrl, clock }) => {
    const info = sensorInfo(config);
    return mqttAdapter(info, {
      url: config.url ?? brokerUrl,
      topic: config.topic,
      decode: decoderOf(info, parseFormat(config.format, info)),
      clock,
    });
  },
  serial: (config, { clock }) => {
    const info = sensorInfo(config);
    return serialAdapter(info, {
      open: (signal) => openByteChannel(config, signal),
      decode: decoderOf(info, parseFormat(config.format, info)),
      clock,
    });
  },
  firmware: (config, { clock }) =>
    firmwareAdapter(sensorInfo(config), {
      open: (signal) => openByteChannel(config, signal),
      clock,
    }),
  replay: (config, { clock }) =>
    replayAdapter(sensorInfo(config), { directory: config.recording, speed: config.speed, clock }),
};

/** Opens the adapter of one configured sensor. */
export function openAdapter(
  config: SensorConfig,
  surroundings: AdapterSurroundings,
  openers: AdapterOpeners = adapterOpeners,
): Adapter {
  // The table's type ties each kind to its opener; TypeScript does not follow a union through an index.
  const open = openers[config.kind] as (
    config: SensorConfig,
    surroundings: AdapterSurroundings,
  ) => Adapter;
  return open(config, surroundings);
}
