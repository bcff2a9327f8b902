import { EdgeloopError } from "@edgeloop/core/platform";

/** Builds an error of an update. */
export function otaError(
  code: string,
  message: string,
  details: Readonly<Record<string, unknown>> = {},
  cause?: unknown,
): EdgeloopError {
  return new EdgeloopError(code, message, {
    details,
    ...(cause === undefined ? {} : { cause }),
  });
}
