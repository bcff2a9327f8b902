import { expect, test } from "vitest";
import { minimize } from "../../../../test/reference/minimize.ts";
import { sgd } from "./sgd.ts";

// torch.optim 2.13 in float64, the same three steps.
test.for([
  ["sgd", sgd(), [0.729, -0.686]],
  ["momentum", sgd({ momentum: 0.9 }), [0.486, 0.556]],
  [
    "Nesterov and decay",
    sgd({ momentum: 0.9, nesterov: true, weightDecay: 0.1 }),
    [0.273767471, 0.725935338],
  ],
] as const)("%s moves as PyTorch's", ([, optimizer, expected]) => {
  for (const [i, value] of minimize(optimizer).entries())
    expect(value).toBeCloseTo(expected[i]!, 6);
});

test("Nesterov without momentum is refused", () => {
  expect(() => sgd({ nesterov: true })).toThrow(
    expect.objectContaining({ code: "OPTIMIZER_INVALID" }),
  );
});
