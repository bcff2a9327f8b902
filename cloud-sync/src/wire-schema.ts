import type { BlobRef, Name, Sha256 } from "@edgeloop/core/platform";
import { EdgeloopError, isName, isSha256 } from "@edgeloop/core/platform";
import { z } from "zod";

/** The wire format that this code reads and writes. */
export const wireFormat = 1;

/** A graph without its weights, and the weights: what `attachWeights` puts together. */
export type ModelRef = {
  /** ONNX bytes whose weights are inputs. */
  readonly graph: BlobRef;
  /** One safetensors blob with a tensor for each of those inputs. */
  readonly tensors: BlobRef;
};

/** What a wire message counts, by counter name. */
export type Counters = Readonly<Record<Name, number>>;

/** Schema pieces that every message is put together from. */
export const wire: {
  readonly format: z.ZodType<1>;
  readonly name: z.ZodType<Name>;
  readonly sha256: z.ZodType<Sha256>;
  readonly blobRef: z.ZodType<BlobRef>;
  /** A non-negative safe integer. */
  readonly count: z.ZodType<number>;
  /** A positive safe integer. */
  readonly positive: z.ZodType<number>;
  /** A positive finite number. */
  readonly magnitude: z.ZodType<number>;
  /** Microseconds UTC, an integer; of a sensor's time or of wall time, as the field says. */
  readonly timeUs: z.ZodType<number>;
  /** An error code, `NOUN_CONDITION`. */
  readonly code: z.ZodType<string>;
  /** A value's name in a graph. */
  readonly value: z.ZodType<string>;
  readonly counters: z.ZodType<Counters>;
  readonly modelRef: z.ZodType<ModelRef>;
} = (() => {
  const name = z.custom<Name>(isName, "expected 1 to 63 characters of a-z, 0-9 and -");
  const sha256 = z.custom<Sha256>(isSha256, "expected 64 lower-case hexadecimal digits");
  const count = z.int().nonnegative();
  const blobRef = z.strictObject({ sha256, bytes: count });
  return {
    format: z.literal(wireFormat),
    name,
    sha256,
    blobRef,
    modelRef: z.strictObject({ graph: blobRef, tensors: blobRef }),
    count,
    positive: z.int().positive(),
    magnitude: z.number().positive(),
    timeUs: z.int(),
    code: z
      .string()
      .regex(/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/)
      .max(64),
    value: z.string().min(1).max(512),
    counters: z.record(name, z.number()).refine((all) => Object.keys(all).length <= 64, {
      error: "expected at most 64 counters",
    }),
  };
})();

/**
 * Parses the JSON value of one wire message.
 *
 * @param kind Named in errors.
 * @throws `FORMAT_UNSUPPORTED` when the message is of a later format, `MESSAGE_INVALID` naming the first wrong field.
 */
export function parseWire<T>(kind: string, schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const format = formatOf(value);
  if (format !== undefined && format > wireFormat) {
    throw new EdgeloopError(
      "FORMAT_UNSUPPORTED",
      `${kind}: this version reads format ${wireFormat}; update it to read format ${format}`,
      { details: { kind, format } },
    );
  }
  const issue = parsed.error.issues[0];
  const field = issue?.path.join(".") ?? "";
  throw new EdgeloopError(
    "MESSAGE_INVALID",
    `${kind}${field === "" ? "" : `.${field}`}: ${issue?.message ?? "not a message"}`,
    { details: { kind, field }, cause: parsed.error },
  );
}

function formatOf(value: unknown): number | undefined {
  if (typeof value !== "object" || value === null || !("format" in value)) return undefined;
  return typeof value.format === "number" ? value.format : undefined;
}
