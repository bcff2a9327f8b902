/** Where a part says what it did. A message is an event's name in lower case; values stand in `fields`. */
export type Log = {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
};

/** Plain values beside an event; never secrets, never sensor data. */
export type LogFields = Readonly<Record<string, unknown>>;

const drop = (): void => undefined;

/** Says nothing. */
export const silentLog: Log = { debug: drop, info: drop, warn: drop, error: drop };
