import type { ValueInfo } from "../graph/graph.ts";
import type { Tensors } from "../graph/tensor.ts";

/**
 * Which engine executes a model: a graph, or bytes, which are of a .onnx file for `native`, `wasm` and `webgpu`, of a
 * .tflite file for the others.
 */
export type Backend = "native" | "wasm" | "webgpu" | "litert" | "tflite";

/** Opens a session on a backend. */
export type SessionOptions = {
  readonly backend: Backend;
  /** Threads inside one run; more than one burns CPU by spinning and loses on a busy machine. Of `native` and `wasm`. */
  readonly threads?: number;
};

/** Pairs of names: after a step, the first (an output) becomes the second (an input). */
export type Carry = readonly (readonly [output: string, input: string])[];

/** What a loop starts from: the pairs, and a tensor for the input of each. */
export type LoopOptions = { readonly carry: Carry; readonly initial: Tensors };

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
   * @throws `FEED_INVALID` naming the input and what was expected, `OUTPUT_UNKNOWN`, `RUN_FAILED`, `SESSION_DISPOSED`.
   */
  run(feeds: Tensors, outputs?: readonly string[]): Promise<Tensors>;
  /**
   * Starts a loop whose carried inputs begin at `initial`; their shapes stay, those of other inputs may change.
   *
   * @throws `LOOP_INVALID` when the pairs are not an output and an input each, `FEED_INVALID`, `SESSION_DISPOSED`.
   */
  loop(options: LoopOptions): Promise<Loop>;
  /** Frees what the session and its loops hold; later calls reject with `SESSION_DISPOSED`. */
  dispose(): Promise<void>;
};

/** State that stays with the backend from step to step. */
export type Loop = {
  /**
   * Runs once with the state; returns the outputs that are not carried. A step that fails leaves the state as it was.
   *
   * @throws `FEED_INVALID`, `RUN_FAILED`, `SESSION_DISPOSED`.
   */
  step(feeds: Tensors): Promise<Tensors>;
  /** Copies carried tensors out, by their input names; all when absent. */
  read(names?: readonly string[]): Promise<Tensors>;
  dispose(): Promise<void>;
};
