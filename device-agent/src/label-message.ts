import { EdgeloopError, fromUtf8, isName } from "@edgeloop/core/platform";
import { labelBytesMax, labelSpanUsMax, labelTextMax } from "./limits.ts";

/** What the labels topic carries: a label over a stretch of sensor time, or how far the labels are complete. */
export type LabelMessage =
  | {
      readonly kind: "label";
      readonly sensor: string;
      readonly startUs: number;
      readonly endUs: number;
      readonly label: string;
      readonly by: string;
    }
  | { readonly kind: "complete"; readonly sensor: string; readonly completeUntilUs: number };

/**
 * Reads a payload of the labels topic.
 *
 * `{ sensor, startUs, endUs, label, by }` or `{ sensor, completeUntilUs }`; times are integer microseconds of sensor
 * time.
 *
 * @throws `LABEL_INVALID` naming the field and what was expected.
 * @example
 * const bytes = new TextEncoder().encode('{"sensor":"vibration","completeUntilUs":5}');
 * parseLabelMessage(bytes).kind; // => "complete"
 */
export function parseLabelMessage(payload: Uint8Array): LabelMessage {
  const fields = objectOf(payload);
  const { sensor, startUs, endUs, label, by, completeUntilUs } = fields;
  if (!isName(sensor)) throw invalid("sensor", "the name of a sensor");
  if (completeUntilUs !== undefined) {
    if (!isTime(completeUntilUs)) throw invalid("completeUntilUs", "integer microseconds");
    return { kind: "complete", sensor, completeUntilUs };
  }
  if (!isTime(startUs)) throw invalid("startUs", "integer microseconds");
  if (!isTime(endUs) || endUs <= startUs || endUs - startUs > labelSpanUsMax) {
    throw invalid("endUs", "integer microseconds after startUs, at most a day later");
  }
  if (!isText(label)) throw invalid("label", `1 to ${labelTextMax} characters`);
  if (!isText(by)) throw invalid("by", `1 to ${labelTextMax} characters`);
  return { kind: "label", sensor, startUs, endUs, label, by };
}

type Fields = Readonly<
  Partial<Record<"sensor" | "startUs" | "endUs" | "label" | "by" | "completeUntilUs", unknown>>
>;

function objectOf(payload: Uint8Array): Fields {
  if (payload.length > labelBytesMax) throw invalid("", `at most ${labelBytesMax} bytes`);
  try {
    const value: unknown = JSON.parse(fromUtf8(payload));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch (cause) {
    throw invalid("", "a JSON object", cause);
  }
  throw invalid("", "a JSON object");
}

const isTime = (value: unknown): value is number => Number.isSafeInteger(value);

const isText = (value: unknown): value is string =>
  typeof value === "string" && value.length > 0 && value.length <= labelTextMax;

const invalid = (field: string, expected: string, cause?: unknown): EdgeloopError =>
  new EdgeloopError("LABEL_INVALID", `expected ${field === "" ? "" : `${field}: `}${expected}`, {
    details: { field, expected },
    cause,
  });
