import { expect, test } from "vitest";
import { graphBuilder } from "../graph/builder.ts";
import type { Graph } from "../graph/graph.ts";
import type { Tensors } from "../graph/tensor.ts";
import { f32 } from "../graph/tensor.ts";
import { gaussian, seededRng } from "../platform/random.ts";
import { openSession } from "../runtime/open.ts";
import type { CalibrationData } from "./calibrate.ts";
import { activationHistograms, calibrate } from "./calibrate.ts";

/** y = relu(x w1) w2, both diagonal: what is between are 2 x. */
function network(): Graph {
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "float32", shape: ["N", 2] });
  const h = b.add("MatMul", [x, b.initializer("w1", f32([2, 0, 0, 2], [2, 2]))]);
  const r = b.add("Relu", [h], { outputs: ["r"] });
  b.add("MatMul", [r, b.initializer("w2", f32([1, 0, 0, 1], [2, 2]))], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32", shape: ["N", 2] });
  return b.build();
}

function data(all: readonly Tensors[]): CalibrationData & { opened: number; runs: number } {
  const counts = { opened: 0, runs: 0 };
  return Object.assign(counts, {
    batches: all,
    onRun: () => {
      counts.runs += 1;
    },
    open: async (graph: Graph) => {
      counts.opened += 1;
      return await openSession(graph, { backend: "wasm" });
    },
  });
}

const rng = seededRng(2);
/** Normal values; one of them is far out. */
const batches = Array.from({ length: 4 }, (_, i) => ({
  x: f32(
    Float32Array.from({ length: 1000 }, (_value, k) => (i === 0 && k === 0 ? 40 : gaussian(rng))),
    [500, 2],
  ),
}));

test.for(["minmax", "percentile", "mse", "entropy"] as const)(
  "%s sees every value that becomes an integer",
  async (method) => {
    const given = data(batches);
    const ranges = await calibrate(network(), given, { method });
    expect(Object.keys(ranges)).toEqual(["x.observed", "r"]);
    expect([given.opened, given.runs]).toEqual(method === "entropy" ? [2, 8] : [1, 4]);
    const { min = 0, max = 0 } = ranges["r"] ?? {};
    expect(min).toBe(0);
    if (method === "minmax") expect(max).toBe(80);
    else expect(max).toBeLessThanOrEqual(80);
    // By hand: nearly all of 2 x is below 8; the entropy gives the single 80 up.
    if (method === "entropy") expect(max).toBeLessThan(20);
    expect(max).toBeGreaterThan(5);
  },
);

test("histograms of parts merge to those of all", async () => {
  const all = await activationHistograms(network(), data(batches));
  const part = await activationHistograms(network(), data(batches.slice(0, 1)));
  expect(all["r"]?.count).toBe(4000);
  expect(part["r"]?.max).toBe(80);
});

test("no data give no range", async () => {
  await expect(calibrate(network(), data([]))).rejects.toMatchObject({
    code: "RANGE_INVALID",
    message: '"x.observed" needs finite observations alone',
  });
});

test("an abort ends calibration", async () => {
  const stop = new AbortController();
  stop.abort(new Error("enough"));
  const given = Object.assign(data(batches), { signal: stop.signal });
  await expect(calibrate(network(), given)).rejects.toThrow("enough");
});
