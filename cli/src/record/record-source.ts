import { parseName } from "@edgeloop/core/platform";
import type { GatewayConfig, SensorConfig } from "@edgeloop/device-agent";
import { readGatewayConfig } from "@edgeloop/device-agent/node";
import { parseFormat } from "@edgeloop/sensor-adapters";
import { parse } from "yaml";
import { parseChannels } from "../channels.ts";
import type { Options } from "../command.ts";
import { numberOption, optionalText, textOption } from "../options.ts";
import { sensorOf } from "../sensor-of.ts";

/** A sensor to record, and the gateway that it belongs to, if any. */
export type RecordSource = {
  readonly sensor: SensorConfig;
  readonly gateway?: GatewayConfig;
  /** Where it is, in words. */
  readonly origin: string;
};

/**
 * Finds the sensor to record: one of a `gateway.yaml`, or an MQTT topic that the options describe.
 *
 * @throws `USAGE`, `NAME_INVALID`, `SENSOR_FORMAT_INVALID`, and what reading `gateway.yaml` throws.
 */
export async function recordSource(
  file: string | undefined,
  options: Options,
): Promise<RecordSource> {
  if (file !== undefined) {
    const gateway = await readGatewayConfig(file);
    const name = sensorOf(gateway, optionalText(options, "sensor"));
    const sensor = gateway.sensors.find((entry) => entry.sensor === name);
    if (sensor) return { sensor, gateway, origin: originOf(sensor, gateway) };
  }
  const sensor = topicSensor(options);
  return { sensor, origin: originOf(sensor) };
}

function topicSensor(options: Options): SensorConfig {
  const channels = parseChannels(textOption(options, "channels"));
  const topic = textOption(options, "topic");
  const info = {
    sensor: parseName(optionalText(options, "sensor") ?? "sensor"),
    rateHz: numberOption(options, "rate", { min: 1e-6, max: 1e6 }),
    channels,
  };
  const text = optionalText(options, "format");
  const format =
    text === undefined ? { kind: "json", values: channels.map(({ name }) => name) } : parse(text);
  parseFormat(format, info);
  const url = optionalText(options, "broker") ?? "mqtt://127.0.0.1:1883";
  return { kind: "mqtt", ...info, topic, url, format };
}

function originOf(sensor: SensorConfig, gateway?: GatewayConfig): string {
  switch (sensor.kind) {
    case "mqtt": {
      const broker = sensor.url ?? brokerOf(gateway);
      return `topic ${sensor.topic} at ${broker}`;
    }
    case "replay":
      return sensor.recording;
    default:
      return sensor.path;
  }
}

function brokerOf(gateway: GatewayConfig | undefined): string {
  if (gateway === undefined) return "the broker";
  const { broker } = gateway;
  return "url" in broker ? broker.url : `${broker.embedded.host}:${broker.embedded.port}`;
}
