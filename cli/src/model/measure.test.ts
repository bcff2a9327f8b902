import { f32, graphBuilder } from "@edgeloop/core/graph";
import type { Session } from "@edgeloop/core/runtime";
import { openSession } from "@edgeloop/core/runtime/node";
import { expect, test } from "vitest";
import { measure } from "./measure.ts";

const limits = { ms: 1, runsMin: 5, runsMax: 7 };

function identity(): ReturnType<ReturnType<typeof graphBuilder>["build"]> {
  const b = graphBuilder("identity");
  b.input({ name: "x", dtype: "float32", shape: ["N", 3] });
  b.add("Identity", ["x"], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32", shape: ["N", 3] });
  return b.build();
}

test("open dimensions take the batch, and the same data make the same results", async () => {
  const open = (): Promise<Session> => openSession(identity(), { backend: "wasm" });
  const subject = { backend: "wasm", threads: 1, batch: 4, open } as const;
  const [one, two] = [await measure(subject, limits), await measure(subject, limits)];
  expect(one.results["y"]?.shape).toEqual([4, 3]);
  expect(two.results).toEqual(one.results);
  const { p50Us, p99Us, runs, startMs, memoryMiB } = one.measurement;
  expect(runs).toBeGreaterThanOrEqual(5);
  expect(runs).toBeLessThanOrEqual(7);
  expect(p50Us).toBeGreaterThan(0);
  expect(p99Us).toBeGreaterThanOrEqual(p50Us);
  expect(startMs).toBeGreaterThan(0);
  expect(memoryMiB).toBeGreaterThanOrEqual(0);
});

test("a session that fails is closed all the same", async () => {
  let open = 0;
  const session: Session = {
    inputs: [{ name: "x", dtype: "float32", shape: [1] }],
    outputs: [],
    run: () => (open === 1 ? Promise.reject(new TypeError("no kernel")) : Promise.resolve({})),
    loop: () => Promise.reject(new TypeError("unused")),
    dispose: () => {
      open -= 1;
      return Promise.resolve();
    },
  };
  const measuring = measure({
    backend: "wasm",
    threads: 1,
    batch: 1,
    open: () => {
      open += 1;
      return Promise.resolve(session);
    },
  });
  await expect(measuring).rejects.toThrow("no kernel");
  expect(open).toBe(0);
});

test("the 99th percentile is of the runs that were counted", async () => {
  const times = [50, 1, 1, 1, 1, 1, 1, 1, 1];
  const session: Session = {
    inputs: [],
    outputs: [],
    run: () => {
      const untilMs = performance.now() + (times.shift() ?? 1) / 10;
      while (performance.now() < untilMs);
      return Promise.resolve({ y: f32([1]) });
    },
    loop: () => Promise.reject(new TypeError("unused")),
    dispose: () => Promise.resolve(),
  };
  const subject = { backend: "wasm", threads: 1, batch: 1, open: () => Promise.resolve(session) };
  const { measurement } = await measure({ ...subject, backend: "wasm" }, limits);
  // The first run takes 5 ms and belongs to the start.
  expect(measurement.startMs).toBeGreaterThanOrEqual(5);
  expect(measurement.p50Us).toBeLessThan(5000);
});
