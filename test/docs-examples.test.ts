// Runs every `@example` of a docstring with the exports of its file and its folder in scope; `expr; // => value` must hold.
import { existsSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { root, sources } from "./source-files.ts";

type Example = { readonly path: string; readonly line: number; readonly code: string };

const examples: readonly Example[] = sources().flatMap(({ path, text }) =>
  [...text.matchAll(/@example\n([\s\S]*?)(?=\n\s*\* @|\n\s*\*\/)/g)].map((match) => ({
    path,
    line: text.slice(0, match.index).split("\n").length,
    code: (match[1] ?? "")
      .split("\n")
      .map((line) => line.replace(/^\s*\* ?/, ""))
      .join("\n"),
  })),
);

/** Turns `expr; // => value` into a comparison; other lines stay. */
const instrument = (code: string): string =>
  code
    .split("\n")
    .map((line) => {
      const match = /^(.*?);?\s*\/\/ => (.*)$/.exec(line);
      return match ? `check(await (${match[1]}), ${match[2]});` : line;
    })
    .join("\n");

async function runExample({ path, code }: Example): Promise<number> {
  const file = join(root, path);
  const folder = join(dirname(file), "index.ts");
  const scope: Record<string, unknown> = {
    ...(existsSync(folder) ? await import(pathToFileURL(folder).href) : {}),
    ...(await import(pathToFileURL(file).href)),
  };
  let checks = 0;
  const check = (actual: unknown, expected: unknown): void => {
    checks += 1;
    expect(actual).toEqual(expected);
  };
  const body = stripTypeScriptTypes(`async () => {${instrument(code)}}`);
  const names = Object.keys(scope);
  const run = new Function("check", ...names, `return (${body})();`);
  await run(check, ...names.map((name) => scope[name]));
  return checks;
}

describe("documented examples", () => {
  test.for(examples.map((example) => [`${example.path}:${example.line}`, example] as const))(
    "%s",
    async ([, example]) => {
      expect(await runExample(example)).toBeGreaterThan(0);
    },
  );
});
