import { expect, test } from "vitest";
import type { Trial } from "./backend-trial.ts";
import { decideBackend } from "./backend-trial.ts";
import type { Backend } from "./session.ts";

const right = (backend: Backend, medianUs: number, threads = 1): Trial => ({
  ...{ backend, threads, kind: "right", medianUs },
  difference: backend === "wasm" ? 0 : 2e-7,
});

test.for<readonly [string, readonly Trial[], readonly [Backend, number]]>([
  ["the fastest", [right("wasm", 90), right("native", 30)], ["native", 1]],
  ["wasm when the other is no faster", [right("wasm", 30), right("native", 31)], ["wasm", 1]],
  ["wasm when the other is hardly faster", [right("wasm", 30), right("native", 28)], ["wasm", 1]],
  ["two threads that pay", [right("wasm", 90), right("wasm", 50, 2)], ["wasm", 2]],
  ["one thread where two hardly pay", [right("wasm", 90), right("wasm", 75, 2)], ["wasm", 1]],
  [
    "one thread of native over two of wasm",
    [right("wasm", 90), right("wasm", 50, 2), right("native", 40), right("native", 35, 2)],
    ["native", 1],
  ],
])("%s is chosen", ([, trials, [backend, threads]]) => {
  expect(decideBackend(trials)).toMatchObject({ backend, threads, trials });
});

test("what is wrong is dropped and named, however fast it would have been", () => {
  const wrong: Trial = { backend: "native", threads: 1, kind: "wrong", difference: 0.31234 };
  expect(decideBackend([right("wasm", 90), wrong])).toMatchObject({
    backend: "wasm",
    why: "wasm takes 90 us a run; native differs by 0.31 of the largest output",
  });
});

test("what failed or is not there is named with its reason", () => {
  const trials: readonly Trial[] = [
    right("wasm", 90),
    { backend: "native", threads: 2, kind: "failed", why: "no kernel" },
    { backend: "native", threads: 1, kind: "unavailable", why: "not installed" },
  ];
  expect(decideBackend(trials).why).toBe(
    "wasm takes 90 us a run; native with 2 threads failed: no kernel; native is not available: not installed",
  );
});

test.for<readonly [readonly Trial[], string]>([
  [
    [right("wasm", 90), right("native", 30)],
    "native is 3.0 times as fast as wasm (30 against 90 us a run), results within 2e-7",
  ],
  [
    [right("wasm", 90), right("native", 180)],
    "wasm is 2.0 times as fast as native (90 against 180 us a run), results within 2e-7",
  ],
  [
    [right("wasm", 30), right("native", 28)],
    "native is not enough faster than wasm (28 against 30 us a run)",
  ],
])("the reason says the times: %#", ([trials, why]) => {
  expect(decideBackend(trials).why).toBe(why);
});

test("without a reference nothing is verified, so nothing else is chosen", () => {
  const trial: Trial = { backend: "wasm", threads: 1, kind: "failed", why: "no kernel" };
  expect(decideBackend([trial, right("native", 1)])).toMatchObject({
    backend: "wasm",
    why: "nothing could be verified; wasm failed: no kernel",
  });
});
