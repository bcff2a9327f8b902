/**
 * Lets one operation run after the other, whether or not the one before succeeded.
 *
 * @example
 * await turns()(() => Promise.resolve(7)); // => 7
 */
export function turns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work, work);
    last = mine.catch(() => undefined);
    return mine;
  };
}
