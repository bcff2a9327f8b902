import { expect, test } from "vitest";
import { graphBuilder } from "../graph/builder.ts";
import { scalar } from "../graph/tensor.ts";
import { openSession } from "../runtime/open.ts";
import { openLanes } from "./lanes.ts";

/** Adds `x` to what is carried, times a factor. */
function counter(factor: number) {
  const b = graphBuilder("counter");
  const info = { dtype: "float32", shape: [] } as const;
  const x = b.input({ name: "x", ...info });
  const sum = b.input({ name: "sum", ...info });
  b.add("Add", [sum, b.add("Mul", [x, b.constant(scalar(factor))])], { outputs: ["sum.next"] });
  b.add("Neg", [x], { outputs: ["y"] });
  for (const name of ["sum.next", "y"]) b.output({ name, ...info });
  return openSession(b.build(), { backend: "wasm" });
}

// Hand computation: 1 + 2, + 10 * 3, + 4.
test("a state goes from session to session, and a step gives what is not carried", async () => {
  await using stack = new AsyncDisposableStack();
  const [ones, tens] = [await counter(1), await counter(10)];
  stack.defer(() => ones.dispose());
  stack.defer(() => tens.dispose());
  const lanes = await openLanes(ones, {
    carry: [["sum.next", "sum"]],
    initial: { sum: scalar(1) },
  });
  expect((await lanes.step(ones, { x: scalar(2) }))["y"]?.data[0]).toBe(-2);
  await lanes.step(tens, { x: scalar(3) });
  expect((await lanes.read())["sum"]?.data[0]).toBe(33);
  await lanes.step(ones, { x: scalar(4) });
  expect((await lanes.read())["sum"]?.data[0]).toBe(37);
  await lanes.dispose();
  await expect(lanes.step(ones, { x: scalar(0) })).rejects.toMatchObject({
    code: "SESSION_DISPOSED",
  });
});
