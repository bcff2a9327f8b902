import fc from "fast-check";
import { expect, test } from "vitest";
import { run } from "../../../test/reference/interpreter.ts";
import { runOnnx, runtimes } from "../../../test/reference/onnxruntime.ts";
import { graphBuilder } from "../graph/builder.ts";
import type { Graph } from "../graph/graph.ts";
import { f32, i64 } from "../graph/tensor.ts";
import { validate } from "../graph/validate.ts";
import { differentiate } from "./differentiate.ts";
import { drawOf, dropoutInTraining } from "./dropout.ts";

function twice(ratio: number): Graph {
  const b = graphBuilder("g");
  b.input({ name: "x", dtype: "float32", shape: ["N", 50] });
  const share = b.initializer("ratio", f32([ratio], []));
  const first = b.add("Dropout", ["x", share]);
  b.add("Dropout", [first, share], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32", shape: ["N", 50] });
  return b.build();
}

const ones = f32(new Float32Array(200).fill(1), [4, 50]);
const seed = (value: number) => i64([value], []);

test("a mask is the hash of seed, layer and place, on every runtime", async () => {
  const { graph, usesSeed } = dropoutInTraining(twice(0.25));
  expect(usesSeed).toBe(true);
  validate(graph);
  for (const value of [0, 7, -3, 2 ** 40]) {
    const isKept = (layer: number, place: number): boolean =>
      drawOf(value, layer, place) >= 0.25 * 2 ** 31;
    const expected = Array.from({ length: 200 }, (_, place) =>
      isKept(0, place) && isKept(1, place) ? 1 / 0.75 ** 2 : 0,
    );
    const feeds = { x: ones, seed: seed(value) };
    for (const found of [
      run(graph, feeds)["y"]!,
      ...(await Promise.all([...runtimes.keys()].map((key) => runOnnx(graph, feeds, key)))).map(
        (results) => results["y"]!,
      ),
    ]) {
      for (const [place, e] of expected.entries()) {
        expect(Number(found.data[place])).toBeCloseTo(e, 5);
      }
    }
  }
});

// The number of dropped places of n is binomial: five standard deviations are not left by chance.
test("the share that is dropped is the ratio, whatever the seed, and layers do not repeat each other", () => {
  const count = 20_000;
  fc.assert(
    fc.property(
      fc.maxSafeInteger(),
      fc.double({ min: 0.05, max: 0.95, noNaN: true }),
      (value, ratio) => {
        const masks = [0, 1].map((layer) =>
          Array.from(
            { length: count },
            (_, place) => drawOf(value, layer, place) < ratio * 2 ** 31,
          ),
        );
        const near = (found: number, share: number): void => {
          const deviation = Math.sqrt((share * (1 - share)) / count);
          expect(Math.abs(found / count - share)).toBeLessThan(5 * deviation);
        };
        for (const mask of masks) near(mask.filter(Boolean).length, ratio);
        near(masks[0]!.filter((is, place) => is && masks[1]![place]).length, ratio ** 2);
        near(masks[0]!.filter((is, place) => is && masks[0]![place + 1]).length, ratio ** 2);
      },
    ),
    { seed: 1, numRuns: 40 },
  );
});

test("gradients pass where values passed, scaled alike", () => {
  const { graph } = dropoutInTraining(twice(0.5));
  const step = differentiate(graph, ["x"]);
  const found = run(step, { x: ones, seed: seed(3), "y.grad": ones });
  expect([...found["x.grad"]!.data]).toEqual([...found["y"]!.data]);
});

test("without dropout, or with a ratio of 0, nothing changes", () => {
  const graph = twice(0);
  expect(dropoutInTraining(graph)).toEqual({ graph, usesSeed: false });
});

test("a ratio of 1 is refused with its node", () => {
  expect(() => dropoutInTraining(twice(1))).toThrow(
    expect.objectContaining({ code: "GRADIENT_UNSUPPORTED" }),
  );
});
