/** Plain values that explain an error; never secrets. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

/** What an error looks like on a wire between workers, processes and machines. */
export type WireError = {
  readonly code: string;
  readonly message: string;
  readonly details?: ErrorDetails;
};

/**
 * Carries a stable code, a message for people and the values behind it.
 *
 * Branch on `code`, never on the message or the class: codes survive workers, HTTP and two copies of a package.
 *
 * @example
 * hasCode(new EdgeloopError("SHAPE_MISMATCH", "expected [2]"), "SHAPE_MISMATCH"); // => true
 */
export class EdgeloopError<Code extends string = string> extends Error {
  override readonly name = "EdgeloopError";
  readonly code: Code;
  readonly details: ErrorDetails;

  constructor(
    code: Code,
    message: string,
    options: { readonly details?: ErrorDetails; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** Tells whether a thrown value carries `code`, be it ours, Node's or one that crossed a wire. */
export function hasCode(error: unknown, code: string): boolean {
  return codeOf(error) === code;
}

/** Reads the code of a thrown value; `"UNKNOWN"` when it has none. */
export function codeOf(error: unknown): string {
  const code =
    typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : "UNKNOWN";
}

/** Reads the message of any thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Reduces a thrown value to what may cross a wire. */
export function toWireError(error: unknown): WireError {
  const message = messageOf(error);
  if (error instanceof EdgeloopError && Object.keys(error.details).length > 0) {
    return { code: error.code, message, details: error.details };
  }
  return { code: codeOf(error), message };
}

/** Builds the error again on the other side of a wire. */
export function fromWireError(wire: WireError): EdgeloopError {
  return new EdgeloopError(wire.code, wire.message, { details: wire.details ?? {} });
}

/** Marks a place that a closed union cannot reach; a missing case does not compile. */
export function unreachable(value: never): never {
  throw new EdgeloopError("UNREACHABLE", "a closed union had an unknown member", {
    details: { value },
  });
}
