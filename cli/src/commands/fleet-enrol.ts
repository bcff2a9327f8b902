import type { Run } from "../command.ts";
import { openOperator } from "../operator.ts";
import { integerOption, textOption } from "../options.ts";

/** A week is the longest that a token may wait to be used. */
const lifetimeSMax = 7 * 24 * 3600;

/**
 * Makes a token with which one gateway may enrol, once.
 *
 * @throws `CONFIG_INVALID`, `COORDINATOR_UNREACHABLE`, `ENROLMENT_ROOT_MISSING`
 */
export const run: Run = async ({ say }, _args, options) => {
  const operator = await openOperator(textOption(options, "coordinator"));
  const lifetimeS = integerOption(options, "lifetime", {
    min: 1,
    max: lifetimeSMax,
    fallback: 3600,
  });
  const { token } = await operator.post("tokens", { lifetimeS });
  say(String(token));
  return { format: 1, token, lifetimeS };
};
