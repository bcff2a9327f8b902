import type { SensorInfo } from "@edgeloop/core/data";
import { EdgeloopError } from "@edgeloop/core/platform";
import { z } from "zod";
import type { CsvFormat } from "./csv.ts";
import { csvDecoder } from "./csv.ts";
import type { Decode } from "./decoder.ts";
import type { JsonFormat } from "./json.ts";
import { jsonDecoder } from "./json.ts";
import type { PackedFormat } from "./packed.ts";
import { packedDecoder } from "./packed.ts";
import { steadyArrival } from "./steady-arrival.ts";

/** How a sensor's payloads are read. */
export type Format = PackedFormat | JsonFormat | CsvFormat;

const unit = z.enum(["us", "ms", "s"]);
const packedType = z.enum([
  "int8",
  "uint8",
  "int16",
  "uint16",
  "int32",
  "uint32",
  "float32",
  "float64",
  "int64",
]);
const column = z.int().nonnegative().max(1023);

const schema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("packed"),
    endian: z.enum(["little", "big"]).default("little"),
    skipBytes: z.int().nonnegative().max(4096).default(0),
    time: z.strictObject({ type: packedType, unit }).optional(),
    type: packedType,
    scale: z.union([z.number(), z.array(z.number())]).default(1),
  }),
  z.strictObject({
    kind: z.literal("json"),
    values: z.array(z.string().min(1)).min(1),
    rows: z.string().optional(),
    time: z.strictObject({ path: z.string(), unit: z.enum(["us", "ms", "s", "iso"]) }).optional(),
  }),
  z.strictObject({
    kind: z.literal("csv"),
    separator: z.string().min(1).max(4).default(","),
    columns: z.array(column).min(1),
    time: z.strictObject({ column, unit }).optional(),
  }),
]) satisfies z.ZodType<Format>;

/**
 * Reads the `format` of a sensor in `gateway.yaml`.
 *
 * @throws `SENSOR_FORMAT_INVALID` naming the field and what was expected.
 */
export function parseFormat(value: unknown, info: SensorInfo): Format {
  const result = schema.safeParse(value);
  if (!result.success) {
    const issues = result.error.issues.map(
      (issue) => `format.${issue.path.map(String).join(".")}: ${issue.message}`,
    );
    throw invalid(info, issues.join("; "));
  }
  const format = result.data;
  const named = channelsNamed(format);
  if (named !== undefined && named !== info.channels.length) {
    throw invalid(info, `format names ${named} channels, the sensor has ${info.channels.length}`);
  }
  return format;
}

const invalid = (info: SensorInfo, what: string): EdgeloopError =>
  new EdgeloopError("SENSOR_FORMAT_INVALID", `sensor ${info.sensor}: ${what}`);

function channelsNamed(format: Format): number | undefined {
  switch (format.kind) {
    case "packed":
      return typeof format.scale === "number" ? undefined : format.scale.length;
    case "json":
      return format.values.length;
    case "csv":
      return format.columns.length;
    default:
      return format satisfies never;
  }
}

/** Builds the decoder of a format. Payloads without a time are taken to follow each other at the sensor's rate. */
export function decoderOf(info: SensorInfo, format: Format): Decode {
  const decode = plainDecoder(info, format);
  return format.time === undefined ? steadyArrival(info, decode) : decode;
}

function plainDecoder(info: SensorInfo, format: Format): Decode {
  switch (format.kind) {
    case "packed":
      return packedDecoder(info, format);
    case "json":
      return jsonDecoder(info, format);
    case "csv":
      return csvDecoder(info, format);
    default:
      return format satisfies never;
  }
}

/** JSON Schema of a sensor's `format`, for editors. */
export const formatJsonSchema = (): Record<string, unknown> => ({
  ...z.toJSONSchema(schema, { io: "input" }),
});
