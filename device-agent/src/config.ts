import type { ParsedYaml } from "@edgeloop/cloud-sync";
import { parseYaml } from "@edgeloop/cloud-sync";
import type { SensorInfo } from "@edgeloop/core/data";
import { EdgeloopError, messageOf } from "@edgeloop/core/platform";
import type { Backend } from "@edgeloop/core/runtime";
import { parseFormat } from "@edgeloop/sensor-adapters";
import { z } from "zod";
import { performanceWindowsMax } from "./limits.ts";
import type { Objective } from "./performance.ts";

/** One channel of a sensor and its SI unit. */
export type ChannelConfig = { readonly name: string; readonly unit: string };

/** What every sensor declares, whatever transports it. */
type SensorBase = {
  readonly sensor: string;
  readonly rateHz: number;
  readonly channels: readonly ChannelConfig[];
};

/** How payloads become samples; parsed by the adapter that reads them. */
export type FormatConfig = { readonly kind: string; readonly [key: string]: unknown };

/** A sensor of the gateway, by what transports it. */
export type SensorConfig =
  | (SensorBase & {
      readonly kind: "mqtt";
      readonly topic: string;
      /** Absent: the gateway's own broker. */
      readonly url?: string | undefined;
      readonly format: FormatConfig;
    })
  | (SensorBase & {
      readonly kind: "serial";
      readonly path: string;
      readonly baudRate: number;
      readonly format: FormatConfig;
    })
  | (SensorBase & {
      readonly kind: "firmware";
      /** A device path, or `tcp://127.0.0.1:port`. */
      readonly path: string;
      readonly baudRate: number;
    })
  | (SensorBase & {
      readonly kind: "replay";
      /** The recording's folder. */
      readonly recording: string;
      /** Sensor time over wall time; 0 plays as fast as it is read. */
      readonly speed: number;
    });

/** `gateway.yaml`, read and checked. */
export type GatewayConfig = {
  readonly format: 1;
  readonly id: string;
  readonly fleet: string;
  /** The line of models that it serves. */
  readonly line: string;
  readonly dataDirectory: string;
  readonly broker:
    | { readonly embedded: { readonly host: string; readonly port: number } }
    | { readonly url: string };
  readonly sensors: readonly SensorConfig[];
  readonly http: { readonly host: string; readonly port: number };
  readonly coordinator?: CoordinatorConfig | undefined;
  /** The bar for labelled windows; missing it is an event. */
  readonly objective?: Objective | undefined;
  readonly inference: {
    /** What a bundle's graph runs on. `auto` verifies and measures what is here; a name pins it. */
    readonly backend: "auto" | Backend;
    /** The most that a run may use. */
    readonly threads: number;
  };
  /** At nice 19 the learner runs only when nothing else wants the processor. */
  readonly learner: { readonly memoryMaxMiB: number; readonly nice: number };
  readonly store: {
    readonly windowsMax: number;
    readonly predictionsMax: number;
    readonly quarantineBytesMax: number;
  };
};

/** Where the coordinator is, and the token that enrols this gateway the first time. */
export type CoordinatorConfig = {
  readonly url: string;
  /** The coordinator's broker, such as `mqtts://fleet.example.org:8883`. */
  readonly mqttUrl: string;
  /** File that holds the enrolment token; not needed once enrolled. */
  readonly tokenFile?: string | undefined;
};

const name = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9-]{0,62}$/,
    "1 to 63 characters of a-z, 0-9 and -, a letter or digit first",
  );
const text = z.string().min(1).max(1024);
const port = z.int().min(0).max(65_535);
const listener = z.strictObject({ host: text.default("127.0.0.1"), port });
const format = z.looseObject({ kind: text });

const sensorBase = {
  sensor: name,
  rateHz: z.number().positive().max(1_000_000),
  channels: z
    .array(z.strictObject({ name: text, unit: text }))
    .min(1)
    .max(256),
};

const sensor = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("mqtt"),
    ...sensorBase,
    topic: text,
    url: z.url().optional(),
    format,
  }),
  z.strictObject({
    kind: z.literal("serial"),
    ...sensorBase,
    path: text,
    baudRate: z.int().positive().default(115_200),
    format,
  }),
  z.strictObject({
    kind: z.literal("firmware"),
    ...sensorBase,
    path: text,
    baudRate: z.int().positive().default(115_200),
  }),
  z.strictObject({
    kind: z.literal("replay"),
    ...sensorBase,
    recording: text,
    speed: z.number().nonnegative().default(1),
  }),
]);

const schema = z.strictObject({
  format: z.literal(1),
  id: name,
  fleet: name,
  line: name,
  dataDirectory: text,
  broker: z.union([z.strictObject({ embedded: listener }), z.strictObject({ url: z.url() })]),
  sensors: z.array(sensor).min(1).max(64),
  http: listener,
  coordinator: z
    .strictObject({ url: z.url(), mqttUrl: z.url(), tokenFile: text.optional() })
    .optional(),
  objective: z
    .strictObject({
      macroF1: z.number().min(0).max(1),
      windowsMin: z.int().min(1).max(performanceWindowsMax).default(100),
    })
    .optional(),
  inference: z
    .strictObject({
      backend: z.enum(["auto", "wasm", "native", "webgpu", "litert", "tflite"]).default("auto"),
      threads: z.int().min(1).max(64).default(1),
    })
    .prefault({}),
  learner: z
    .strictObject({
      memoryMaxMiB: z.int().min(64).max(65_536).default(512),
      nice: z.int().min(0).max(19).default(19),
    })
    .prefault({}),
  store: z
    .strictObject({
      windowsMax: z.int().min(1).max(10_000_000).default(20_000),
      predictionsMax: z.int().min(1).max(100_000_000).default(100_000),
      quarantineBytesMax: z
        .int()
        .min(0)
        .max(1024 ** 3)
        .default(4 * 1024 ** 2),
    })
    .prefault({}),
}) satisfies z.ZodType<GatewayConfig>;

/** The JSON Schema of `gateway.yaml`, for editors. */
export const gatewayConfigJsonSchema = (): Readonly<Record<string, unknown>> =>
  z.toJSONSchema(schema, { io: "input" });

/**
 * Reads `gateway.yaml`.
 *
 * @param text_ The file's content.
 * @param file Its name, for messages.
 * @throws `CONFIG_INVALID` naming file, line, field and what was expected; `CONFIG_PLAINTEXT_REFUSED` when a plain-text
 * connection or listener would leave the machine.
 * @example
 * const yaml = "{format: 1, id: pump-1, fleet: plant, line: pumps, dataDirectory: data, broker: {embedded: {port: 0}}, " +
 *   "http: {port: 0}, sensors: [{kind: replay, sensor: s, rateHz: 10, channels: [{name: x, unit: m}], recording: r}]}";
 * parseGatewayConfig(yaml, "gateway.yaml").inference.backend; // => "auto"
 */
export function parseGatewayConfig(text_: string, file: string): GatewayConfig {
  const parsed = parseYaml(text_, { file, schema });
  refuseRepeats(parsed);
  refuseFormats(parsed);
  refusePlaintext(parsed);
  return parsed.data;
}

type Parsed = ParsedYaml<GatewayConfig>;

function refuseRepeats({ data, refuse }: Parsed): void {
  const names = data.sensors.map((entry) => entry.sensor);
  const at = names.findIndex((entry, index) => names.indexOf(entry) !== index);
  if (at >= 0) throw refuse(["sensors", at, "sensor"], "each sensor once");
}

function refuseFormats({ data, refuse }: Parsed): void {
  for (const [at, entry] of data.sensors.entries()) {
    if (!("format" in entry)) continue;
    try {
      parseFormat(entry.format, sensorInfo(entry));
    } catch (error) {
      throw refuse(["sensors", at, "format"], messageOf(error), error);
    }
  }
}

/** Takes from a sensor's configuration what it declares. */
export const sensorInfo = ({ sensor: named, channels, rateHz }: SensorConfig): SensorInfo => ({
  sensor: named,
  channels,
  rateHz,
});

const loopbackPattern = /^(127(\.\d{1,3}){3}|localhost|\[?::1\]?)$/;
const plainProtocols = new Set(["http:", "mqtt:", "ws:", "tcp:"]);

/** Tells whether a host name or address never leaves the machine. */
export const isLoopback = (host: string): boolean => loopbackPattern.test(host);

function refusePlaintext({ data, refuse }: Parsed): void {
  const plain = [...listeners(data), ...connections(data)].find(([, place]) => !isLoopback(place));
  if (plain === undefined) return;
  const [path, host] = plain;
  const { file, line, field } = refuse(path, "another address").details;
  throw new EdgeloopError(
    "CONFIG_PLAINTEXT_REFUSED",
    `${file}:${line}: ${field}: plain text stays on the machine: use a loopback address, or mqtts/https, instead of ${host}`,
    { details: { file, line, field, host } },
  );
}

type Place = readonly [path: readonly PropertyKey[], host: string];

function listeners(config: GatewayConfig): readonly Place[] {
  const http: Place = [["http", "host"], config.http.host];
  return "embedded" in config.broker
    ? [http, [["broker", "embedded", "host"], config.broker.embedded.host]]
    : [http];
}

function connections(config: GatewayConfig): readonly Place[] {
  type Address = readonly [path: readonly PropertyKey[], url: string | undefined];
  const urls: Address[] = [
    [["broker", "url"], "url" in config.broker ? config.broker.url : undefined],
    [["coordinator", "url"], config.coordinator?.url],
    [["coordinator", "mqttUrl"], config.coordinator?.mqttUrl],
    ...config.sensors.map((entry, index): Address => {
      if (entry.kind === "mqtt") return [["sensors", index, "url"], entry.url];
      const isSocket = "path" in entry && URL.canParse(entry.path);
      return [["sensors", index, "path"], isSocket ? entry.path : undefined];
    }),
  ];
  return urls.flatMap(([path, text_]): Place[] => {
    if (text_ === undefined) return [];
    const url = new URL(text_);
    return plainProtocols.has(url.protocol) ? [[path, url.hostname]] : [];
  });
}
