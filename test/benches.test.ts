// Holds docs/benchmarks.md to the benches, and the benches to running.
import { execFileSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
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
  const out = execFileSync(process.execPath, args, { cwd: root, encoding: "utf8" });
  const { outcomes } = JSON.parse(out);
  expect(outcomes).toHaveLength(1);
  const values: unknown[] = outcomes[0].figures.map(({ value }: { value: unknown }) => value);
  expect(values.length).toBeGreaterThan(3);
  for (const value of values) expect(value).toBeGreaterThan(0);
});
