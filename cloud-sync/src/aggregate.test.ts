import { encodeSafetensors, f32 } from "@edgeloop/core/graph";
import type { Name } from "@edgeloop/core/platform";
import { parseName, seededRng, virtualClock } from "@edgeloop/core/platform";
import { histogramBuilder } from "@edgeloop/core/statistics";
import { memoryBlobStore } from "@edgeloop/core/testing";
import { expect, test } from "vitest";
import { aggregate, mergeCalibrations, readTensors } from "./aggregate.ts";
import type { Plan } from "./plan.ts";
import type { UpdateRecord } from "./round-events.ts";

const never = new AbortController().signal;

test("the next parameters do not depend on the order of replies", async () => {
  const [blobs, updates] = [memoryBlobStore(), memoryBlobStore()];
  const tensors = (values: readonly number[]) => encodeSafetensors(new Map([["w", f32(values)]]));
  const base = await blobs.put(tensors([1, 2, 3]));
  const limits = {
    valueMax: 2,
    weightMax: 10,
    cohortMax: 8,
    examplesMax: 10,
    payloadBytesMax: 1000,
  };
  const plan = { base, limits } as Plan;
  const rng = seededRng(3);
  const records: [Name, UpdateRecord][] = [];
  for (const name of ["c", "a", "d", "b"]) {
    const payload = await updates.put(tensors([rng(), -rng(), rng() / 3]));
    records.push([parseName(name), { payload, examples: 1 + Math.floor(9 * rng()) }]);
  }
  const ports = { blobs, updates, clock: virtualClock(), restMs: 0, signal: never };
  const next = await aggregate(plan, new Map(records), ports);
  expect(await aggregate(plan, new Map(records.toReversed()), ports)).toEqual(next);
  const { w } = await readTensors(blobs, next);
  expect([w?.dtype, w?.shape]).toEqual(["float32", [3]]);
});

test("momentum comes from the plan: the base of the round before is a blob, so a restart has it too", async () => {
  const [blobs, updates] = [memoryBlobStore(), memoryBlobStore()];
  const tensors = (...values: number[]) => encodeSafetensors(new Map([["w", f32(values)]]));
  const [previous, base] = [await blobs.put(tensors(1, 2)), await blobs.put(tensors(2, 0))];
  const payload = await updates.put(tensors(0.5, 0.5));
  const limits = { valueMax: 2, weightMax: 1, cohortMax: 2, examplesMax: 1, payloadBytesMax: 99 };
  const plan = { base, limits, momentum: { factor: 0.5, previous } } as Plan;
  const cohort = new Map([[parseName("a"), { payload, examples: 1 }]]);
  const ports = { blobs, updates, clock: virtualClock(), restMs: 0, signal: never };
  const next = await aggregate(plan, cohort, ports);
  // By hand: [2, 0] + [0.5, 0.5] + 0.5 · ([2, 0] - [1, 2]).
  expect((await readTensors(blobs, next))["w"]).toEqual(f32([3, -0.5]));
  expect(await aggregate(plan, cohort, ports)).toEqual(next);
});

test("it stops between two updates when the coordinator stops", async () => {
  const [blobs, updates] = [memoryBlobStore(), memoryBlobStore()];
  const one = encodeSafetensors(new Map([["w", f32([1])]]));
  const [base, payload] = [await blobs.put(one), await updates.put(one)];
  const limits = { valueMax: 2, weightMax: 1, cohortMax: 2, examplesMax: 1, payloadBytesMax: 99 };
  const stop = new AbortController();
  stop.abort(new Error("stopped"));
  const cohort = new Map([[parseName("a"), { payload, examples: 1 }]]);
  await expect(
    aggregate({ base, limits } as Plan, cohort, {
      blobs,
      updates,
      clock: virtualClock(),
      restMs: 5,
      signal: stop.signal,
    }),
  ).rejects.toThrow("stopped");
});

test("histograms merge output by output, in any order", () => {
  const result = (values: readonly number[]) => {
    const builder = histogramBuilder();
    builder.add(Float32Array.from(values));
    return { windows: 1, histograms: { relu: builder.histogram() } };
  };
  const [first, second] = [result([1, 2]), result([-3])];
  const merged = mergeCalibrations([first, second], ["relu"]);
  expect(merged).toEqual(mergeCalibrations([second, first], ["relu"]));
  expect(merged["relu"]).toMatchObject({ count: 3, min: -3, max: 2 });
});
