import type { ValueInfo } from "../../graph/graph.ts";
import type { Tensors } from "../../graph/tensor.ts";
import { disposed } from "../feeds.ts";
import type { EncodedModel } from "../model.ts";
import type { Loop, LoopOptions, Session, SessionOptions } from "../session.ts";
import { openEncoded } from "./open.ts";

/** One session as plain calls with plain data, for the other side of a thread or process. Loops are numbers. */
export type SessionHost = {
  open(
    model: EncodedModel,
    options: SessionOptions,
  ): Promise<{ readonly inputs: readonly ValueInfo[]; readonly outputs: readonly ValueInfo[] }>;
  run(feeds: Tensors, outputs?: readonly string[]): Promise<Tensors>;
  loop(options: LoopOptions): Promise<number>;
  step(loop: number, feeds: Tensors): Promise<Tensors>;
  read(loop: number, names?: readonly string[]): Promise<Tensors>;
  endLoop(loop: number): Promise<void>;
  /** Resolves once nothing runs. */
  settled(): Promise<void>;
  dispose(): Promise<void>;
};

/** Hosts one session. */
export function sessionHost(): SessionHost {
  let session: Session | undefined;
  const loops = new Map<number, Loop>();
  let loopsMade = 0;
  const running = new Set<Promise<unknown>>();
  const tracked = <T>(run: Promise<T>): Promise<T> => {
    running.add(run);
    const forget = (): void => void running.delete(run);
    run.then(forget, forget);
    return run;
  };
  const opened = (): Session => {
    if (session === undefined) throw disposed("session");
    return session;
  };
  const loopOf = (id: number): Loop => {
    const loop = loops.get(id);
    if (loop === undefined) throw disposed("loop");
    return loop;
  };
  return {
    async open(model, options) {
      session = await openEncoded(model, options);
      return { inputs: session.inputs, outputs: session.outputs };
    },
    run: (feeds, outputs) => tracked(opened().run(feeds, outputs)),
    async loop(options) {
      const loop = await opened().loop(options);
      loopsMade += 1;
      loops.set(loopsMade, loop);
      return loopsMade;
    },
    step: (id, feeds) => tracked(loopOf(id).step(feeds)),
    read: (id, names) => loopOf(id).read(names),
    async endLoop(id) {
      const loop = loops.get(id);
      loops.delete(id);
      await loop?.dispose();
    },
    async settled() {
      await Promise.allSettled(running);
    },
    async dispose() {
      await session?.dispose();
      session = undefined;
    },
  };
}
