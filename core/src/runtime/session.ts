import type { ValueInfo } from "../graph/graph.ts";
import type { Tensors } from "../graph/tensor.ts";

/** Which engine executes a graph. */
export type Backend = "native" | "wasm";

/** Opens a session on a backend. */
export type SessionOptions = {
  readonly backend: Backend;
  /** Threads inside one run; more than one burns CPU by spinning and loses on a busy machine. */
  readonly threads?: number;
};

/** Pairs of names: after a step, the first (an output) becomes the second (an input). */
export type Carry = readonly (readonly [output: string, input: string])[];

/**
 * A graph that is ready to run.
 *
 * `run` copies in and out; `loop` keeps carried tensors where the backend has them.
 */
export type Session = {
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  /**
   * Runs once.
   *
   * @param outputs Names of the outputs to compute; all when absent.
   * @throws `FEED_INVALID` naming the input and what was expected, `RUN_FAILED`, `SESSION_DISPOSED`.
   */
  run(feeds: Tensors, outputs?: readonly string[]): Promise<Tensors>;
  /** Starts a loop whose carried inputs begin at `initial`. Input shapes other than the carried may not change. */
  loop(options: { readonly carry: Carry; readonly initial: Tensors }): Promise<Loop>;
  dispose(): Promise<void>;
};

/** State that stays with the backend from step to step. */
export type Loop = {
  /** Runs once with the state; returns the outputs that are not carried. */
  step(feeds: Tensors): Promise<Tensors>;
  /** Copies carried tensors out, by their input names; all when absent. */
  read(names?: readonly string[]): Promise<Tensors>;
  dispose(): Promise<void>;
};
