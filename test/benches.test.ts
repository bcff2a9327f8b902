// Holds docs/benchmarks.md to the benches, and the benches to running.
import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { recordingsResult } from "../cli/src/demo/recordings/result.ts";
import { exampleFold, exampleLive } from "../cli/src/demo/recordings/testing.ts";
import type { Bench, Figure } from "./bench/bench.ts";
import { chosen } from "./bench/bench.ts";
import { bench as har, harFigures } from "./bench/har.bench.ts";
import { root } from "./source-files.ts";

const names = globSync("test/bench/*.bench.ts", { cwd: root }).map((file) =>
  basename(file, ".bench.ts"),
);

test("every bench stands in docs/benchmarks.md with its command", () => {
  const page = readFileSync(join(root, "docs", "benchmarks.md"), "utf8");
  const said = [...page.matchAll(/`npm run bench -- ([a-z ]+)`/g)].flatMap(([, words]) =>
    String(words).split(" "),
  );
  expect(new Set(said)).toEqual(new Set(names));
});

test("npm run bench -- session --json prints figures", () => {
  const args = ["bootstrap.js", "bench", "session", "--json"];
  // A bar that is missed on a busy machine makes the exit code 1; the figures are there all the same.
  const { stdout, status } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
  expect([0, 1]).toContain(status);
  const { outcomes } = JSON.parse(stdout);
  expect(outcomes).toHaveLength(1);
  const { figures } = outcomes[0];
  expect(figures.length).toBeGreaterThan(3);
  for (const { value, unit } of figures as readonly Figure[]) {
    expect(Number.isFinite(value)).toBe(true);
    // What is added to a run is a difference: on a busy machine it can come out below zero.
    if (unit === "ratio") expect(value).toBeGreaterThan(0);
  }
});

test("a bench that takes long runs only when it is named", () => {
  const bench = (name: string): Bench => ({ name, about: "", run: () => Promise.resolve([]) });
  const all = [har, bench("worker"), bench("session")];
  const pick = (...words: readonly string[]) => chosen(all, words).map(({ name }) => name);
  expect(pick()).toEqual(["session", "worker"]);
  expect(pick("har")).toEqual(["har"]);
  expect(pick("ses", "har")).toEqual(["har", "session"]);
  expect(pick("nothing")).toEqual([]);
});

test("figures on recordings of people are held to what the project promises", () => {
  const figures = (central: number, federated: number, int8: number) => {
    const fold = exampleFold({ central, centralInt8: central, federated, float: federated, int8 });
    const result = recordingsResult([fold], exampleLive(), { backend: "wasm", wallS: 700 });
    return harFigures({ label: "phone", bar: 88.5 }, result);
  };
  const missed = (...shares: [number, number, number]): readonly string[] =>
    figures(...shares)
      .filter(
        ({ value, atLeast, atMost }) =>
          value < (atLeast ?? -Infinity) || value > (atMost ?? Infinity),
      )
      .map(({ label }) => label);
  expect(missed(0.9, 0.89, 0.885)).toEqual([]);
  expect(missed(0.88, 0.88, 0.88)).toEqual(["phone: in one place"]);
  expect(missed(0.91, 0.889, 0.889)).toEqual(["phone: one place over federated"]);
  expect(missed(0.9, 0.9, 0.889)).toEqual(["phone: federated, float over int8"]);
});
