import { expect, test } from "vitest";
import type { Tensors } from "../graph/tensor.ts";
import { f32 } from "../graph/tensor.ts";
import { seededRng } from "../platform/random.ts";
import { decideBackend } from "./backend-trial.ts";
import type { Backend, Session } from "./session.ts";
import type { Candidate } from "./try-backends.ts";
import { tryBackends } from "./try-backends.ts";

/** A plant of fake backends on a clock of their own: a run of each takes what it says. */
function plant() {
  const state = { nowUs: 0, open: 0, runs: new Map<string, number>() };
  const fake = (
    backend: Backend,
    { y = 1, us = 10, threads = 1, fails = false } = {},
  ): Candidate => ({
    backend,
    threads,
    open: () => {
      state.open += 1;
      const session: Session = {
        inputs: [],
        outputs: [],
        run: () => {
          if (fails) return Promise.reject(new TypeError("no kernel"));
          state.nowUs += us;
          const name = `${backend}-${threads}`;
          state.runs.set(name, (state.runs.get(name) ?? 0) + 1);
          return Promise.resolve({ y: f32([y]) });
        },
        loop: () => Promise.reject(new TypeError("unused")),
        dispose: () => {
          state.open -= 1;
          return Promise.resolve();
        },
      };
      return Promise.resolve(session);
    },
  });
  const options = {
    golden: [{ x: f32([1, 2]) }] as readonly Tensors[],
    differenceMax: 1e-3,
    rng: seededRng(3),
    nowUs: () => state.nowUs,
  };
  return { fake, options, state };
}

test("each right backend gets its median, the wrong one none, and nothing stays open", async () => {
  const { fake, options, state } = plant();
  const trials = await tryBackends(
    fake("wasm", { us: 90 }),
    [fake("wasm", { us: 60, threads: 2 }), fake("native", { y: 1.5, us: 1 })],
    options,
  );
  expect(trials).toEqual([
    { backend: "wasm", threads: 1, kind: "right", medianUs: 90, difference: 0 },
    { backend: "wasm", threads: 2, kind: "right", medianUs: 60, difference: 0 },
    { backend: "native", threads: 1, kind: "wrong", difference: 0.5 },
  ]);
  expect(state.open).toBe(0);
  // Compared once, never measured.
  expect(state.runs.get("native-1")).toBe(1);
});

test("a backend that gives wrong results is dropped and named", async () => {
  const { fake, options } = plant();
  const wrong = fake("native", { y: 1.01, us: 1 });
  const { backend, why } = decideBackend(await tryBackends(fake("wasm"), [wrong], options));
  expect(backend).toBe("wasm");
  expect(why).toContain("native differs by 0.010 of the largest output");
});

test("one that fails is named with what it said, and the others are tried", async () => {
  const { fake, options } = plant();
  const others = [fake("native", { fails: true }), fake("wasm", { us: 5, threads: 2 })];
  const trials = await tryBackends(fake("wasm"), others, options);
  expect(trials.map(({ kind }) => kind)).toEqual(["right", "failed", "right"]);
  expect(trials[1]).toMatchObject({ why: "no kernel" });
});

test("one that is far slower gets one turn", async () => {
  const { fake, options, state } = plant();
  await tryBackends(fake("wasm", { us: 10 }), [fake("native", { us: 1000 })], options);
  expect(state.runs.get("native-1")).toBe(2);
  expect(state.runs.get("wasm-1")).toBe(10);
});

test("without the reference there is nothing to compare with", async () => {
  const { fake, options, state } = plant();
  const trying = tryBackends(fake("wasm", { fails: true }), [fake("native")], options);
  await expect(trying).rejects.toThrow("no kernel");
  expect(state.open).toBe(0);
});
