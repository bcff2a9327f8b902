/** Runs work one at a time, in the order in which it was given. */
export type Turns = <T>(work: () => T | Promise<T>) => Promise<T>;

/** Makes a queue; work that fails does not hold up the next. */
export function takeTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
}
