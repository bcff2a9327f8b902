import { encodeOnnx, f32, inferValues, validate } from "@edgeloop/core/graph";
import { openSession } from "@edgeloop/core/runtime";
import { expect, test } from "vitest";
import { cnn } from "./cnn.ts";

const spec = {
  kind: "cnn",
  norm: "group",
  positions: 5,
  layers: [
    { filters: 16, kernel: 7, stride: 2 },
    { filters: 24, kernel: 5, stride: 2 },
  ],
} as const;
const fit = { channels: 3, length: 200, classes: 4, seed: 1 };

test.for(["batch", "group"] as const)(
  "with %s norm it is a valid graph that gives probabilities",
  async (norm) => {
    const graph = cnn({ ...spec, norm }, fit);
    validate(graph);
    expect(inferValues(graph).get("scores")?.shape).toEqual(["N", 4]);
    const session = await openSession(encodeOnnx(graph), { backend: "wasm" });
    const features = f32(
      Float32Array.from({ length: 2 * 3 * 200 }, (_, at) => Math.sin(at)),
      [2, 3, 200],
    );
    const { scores } = await session.run({ features });
    const rows = [...(scores!.data as Float32Array)];
    expect(scores!.shape).toEqual([2, 4]);
    expect(rows.slice(0, 4).reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
    await session.dispose();
  },
);

test("the parameters are those of the layers, by hand", () => {
  const { initializers } = cnn(spec, fit);
  const sizes = [...initializers.values()].reduce((sum, { data }) => sum + data.length, 0);
  // conv 16·3·7 and 24·16·5, two numbers a channel of each norm, head 4·(24·5) + 4.
  expect(sizes).toBe(336 + 1920 + 2 * (16 + 24) + 484);
});

test("the seed decides the weights", () => {
  const weight = (seed: number) => cnn(spec, { ...fit, seed }).initializers.get("conv1.weight");
  expect(weight(3)).toEqual(weight(3));
  expect(weight(3)).not.toEqual(weight(4));
});

test("an input that is too short for the strides is refused", () => {
  expect(() => cnn(spec, { ...fit, length: 8 })).toThrow(
    expect.objectContaining({ code: "ARCHITECTURE_TOO_DEEP" }),
  );
});
