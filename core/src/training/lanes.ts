import type { Tensors } from "../graph/tensor.ts";
import type { Loop, LoopOptions, Session } from "../runtime/session.ts";

/** One state that steps of several sessions carry on, one session at a time. */
export type Lanes = Pick<Loop, "read" | "dispose"> & {
  /** Runs a step of a session, which takes the state over from the one that had it. */
  step(session: Session, feeds: Tensors): Promise<Tensors>;
};

/**
 * Starts a loop whose steps may change between sessions of equal carried tensors: of one batch and of many.
 *
 * @param first The session that has the state at first.
 * @throws `LOOP_INVALID`, `FEED_INVALID`.
 */
export async function openLanes(first: Session, options: LoopOptions): Promise<Lanes> {
  let [owner, loop] = [first, await first.loop(options)];
  return {
    async step(session, feeds) {
      if (session !== owner) {
        const next = await session.loop({ carry: options.carry, initial: await loop.read() });
        await loop.dispose();
        [owner, loop] = [session, next];
      }
      return loop.step(feeds);
    },
    read: (names) => loop.read(names),
    dispose: () => loop.dispose(),
  };
}
