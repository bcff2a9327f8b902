import { EdgeloopError } from "../platform/errors.ts";
import type { Backend } from "./session.ts";

/** Codes of `core/runtime`. */
export type RuntimeErrorCode =
  | "BACKEND_UNAVAILABLE"
  | "ENGINE_MISMATCH"
  | "FEED_INVALID"
  | "LOOP_INVALID"
  | "MODEL_INVALID"
  | "MODEL_UNSUPPORTED"
  | "OUTPUT_UNKNOWN"
  | "RUN_FAILED"
  | "SESSION_DISPOSED"
  | "WORKER_DIED"
  | "WORKER_TIMEOUT";

/** What a runtime said, in its own words. */
export type RuntimeWords = {
  readonly backend: Backend;
  readonly text: string;
  readonly cause?: unknown;
};

// onnxruntime's errors have no code of their own; these are its texts for "not in this build", in both packages.
const unsupported =
  /NOT_IMPLEMENTED|Could not find an implementation|No Op registered|is not a registered function|opset|Unsupported model IR/i;

/**
 * Maps what a runtime says of a model it does not take.
 *
 * @returns `MODEL_UNSUPPORTED` for an operator, opset or format that this build lacks, else `MODEL_INVALID`.
 */
export function modelError(words: RuntimeWords): EdgeloopError<RuntimeErrorCode> {
  return unsupported.test(words.text)
    ? build("MODEL_UNSUPPORTED", "this runtime cannot run the graph's operators", words)
    : build("MODEL_INVALID", "the runtime refused the model", words);
}

/** Maps what a runtime says when a run fails, to `RUN_FAILED`. */
export const runError = (words: RuntimeWords): EdgeloopError<RuntimeErrorCode> =>
  build("RUN_FAILED", "the runtime failed while it ran the graph", words);

function build(
  code: RuntimeErrorCode,
  what: string,
  { backend, text, cause }: RuntimeWords,
): EdgeloopError<RuntimeErrorCode> {
  // Texts begin with a place in the runtime's own source, which helps nobody here; `details.text` keeps it.
  const [line = ""] = text.replace(/^\/\S+:\d+ /, "").split("\n");
  return new EdgeloopError(code, `${what}: ${line}`, { details: { backend, text }, cause });
}
