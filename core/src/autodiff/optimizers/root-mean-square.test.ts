import { expect, test } from "vitest";
import { minimize } from "../../../../test/reference/minimize.ts";
import { adagrad, rmsprop } from "./root-mean-square.ts";

/** The same three steps in plain arithmetic, by the update rules of PyTorch's documentation. */
function threeSteps(
  change: (slope: number, state: { square: number; velocity: number }) => number,
) {
  return [1, 3].map((factor, i) => {
    const state = { square: 0, velocity: 0 };
    let p = [1, -2][i]!;
    for (let at = 0; at < 3; at += 1) p -= 0.1 * change(factor * p, state);
    return p;
  });
}

const rms = (momentum: number) => (slope: number, state: { square: number; velocity: number }) => {
  state.square = 0.99 * state.square + 0.01 * slope ** 2;
  state.velocity = momentum * state.velocity + slope / (Math.sqrt(state.square) + 1e-8);
  return state.velocity;
};

test.for([
  [
    "Adagrad",
    adagrad(),
    threeSteps((slope, state) => {
      state.square += slope ** 2;
      return slope / (Math.sqrt(state.square) + 1e-10);
    }),
  ],
  ["RMSprop", rmsprop(), threeSteps(rms(0))],
  ["RMSprop with momentum", rmsprop({ momentum: 0.9 }), threeSteps(rms(0.9))],
] as const)("%s follows its update rule", ([, optimizer, expected]) => {
  for (const [i, value] of minimize(optimizer).entries())
    expect(value).toBeCloseTo(expected[i]!, 6);
});

test("an alpha outside [0, 1) is refused", () => {
  expect(() => rmsprop({ alpha: 1 })).toThrow(
    expect.objectContaining({ code: "OPTIMIZER_INVALID" }),
  );
});
