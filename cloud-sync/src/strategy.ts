import type { Tensors } from "@edgeloop/core/graph";

/**
 * How the updates of a round become the next model.
 *
 * A pure value with explicit state, so that rounds can be stored, resumed and replayed: `add` is all that mutates.
 */
export type Strategy<State, Accumulator> = {
  readonly name: string;
  /** Starts from the parameters that updates are differences from. */
  init(model: Tensors): State;
  begin(state: State): Accumulator;
  /**
   * Adds one device's update.
   *
   * @param update Differences from the model, float32, with the model's names and shapes.
   */
  add(accumulator: Accumulator, update: Tensors, weight: number): void;
  finish(
    state: State,
    accumulator: Accumulator,
  ): { readonly state: State; readonly model: Tensors };
};
