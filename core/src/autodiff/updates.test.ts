import { expect, test } from "vitest";
import { run } from "../../../test/reference/interpreter.ts";
import { graphBuilder } from "../graph/builder.ts";
import { f32, scalar } from "../graph/tensor.ts";
import { emitter } from "./emitter.ts";
import { sgd } from "./optimizers/sgd.ts";
import type { UpdateOptions } from "./updates.ts";
import { emitUpdates } from "./updates.ts";

/** One step at rate 1 of two parameters at 10, with gradients [3, 0] and [0, 4]: a norm of 5. */
function stepped(options: Omit<UpdateOptions, "optimizer">): number[] {
  const b = graphBuilder("updates");
  const names = ["a", "b"].flatMap((p) => [p, `${p}.grad`, `${p}.anchor`, `${p}.variate`]);
  for (const name of names) b.input({ name, dtype: "float32", shape: [2] });
  b.input({ name: "learningRate", dtype: "float32", shape: [] });
  const gradients = new Map([
    ["a", "a.grad"],
    ["b", "b.grad"],
  ]);
  emitUpdates(emitter(b, "step"), { optimizer: sgd(), ...options }, gradients);
  const feeds = Object.fromEntries(names.map((name) => [name, f32([10, 10])]));
  const found = run(
    b.build(),
    {
      ...feeds,
      "a.grad": f32([3, 0]),
      "b.grad": f32([0, 4]),
      "a.variate": f32([1, 1]),
      "b.variate": f32([2, 2]),
      "a.anchor": f32([8, 10]),
      learningRate: scalar(1),
    },
    ["a.next", "b.next"],
  );
  return ["a.next", "b.next"].flatMap((name) => [...(found[name]!.data as Float64Array)]);
}

// Hand computation.
test.for([
  ["nothing", {}, [7, 10, 10, 6]],
  ["a norm of 2.5, half of theirs", { clipNorm: 2.5 }, [8.5, 10, 10, 8]],
  ["a norm that they do not reach", { clipNorm: 6 }, [7, 10, 10, 6]],
  ["variates", { variates: true }, [6, 9, 8, 4]],
  ["a pull of 0.5", { proximal: 0.5 }, [6, 10, 10, 6]],
] as const)("gradients with %s", ([, options, expected]) => {
  for (const [i, value] of stepped(options).entries()) expect(value).toBeCloseTo(expected[i]!, 5);
});

test("a norm that is not above 0 is refused", () => {
  expect(() => stepped({ clipNorm: 0 })).toThrow(
    expect.objectContaining({ code: "OPTIMIZER_INVALID" }),
  );
});
