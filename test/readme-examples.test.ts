// Runs the examples of the packages' READMEs: TypeScript blocks in which `expr; // => value` must hold.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "./source-files.ts";

const blocks = readdirSync(root, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
  .flatMap(({ name }) => readmeOf(join(name, "README.md")))
  .concat(readmeOf("README.md"));

function readmeOf(path: string): readonly { readonly path: string; readonly code: string }[] {
  const text = readdirSync(join(root, path, "..")).includes("README.md")
    ? readFileSync(join(root, path), "utf8")
    : "";
  return [...text.matchAll(/```ts\n([\s\S]*?)```/g)]
    .map(([, code = ""]) => ({ path, code }))
    .filter(({ code }) => code.includes("// => "));
}

/** Turns `expr; // => value` into a comparison; other lines stay. */
const instrument = (code: string): string =>
  code.replaceAll(/^(.*?);? *\/\/ => (.*)$/gm, "assert.deepEqual(await ($1), $2);");

test.for(blocks.map((block) => [block.path, block] as const))("%s", ([, { code }]) => {
  const program = `import assert from "node:assert/strict";\n${instrument(code)}`;
  const { status, stderr } = spawnSync(
    process.execPath,
    ["--conditions=@edgeloop/source", "--input-type=module-typescript", "-e", program],
    { cwd: join(root, "cli"), encoding: "utf8" },
  );
  expect(stderr).toBe("");
  expect(status).toBe(0);
});

test("the packages whose values can be shown show them", () => {
  expect(blocks.map(({ path }) => path)).toEqual(
    expect.arrayContaining(
      ["core", "sensor-adapters", "firmware-bridge"].map((name) => `${name}/README.md`),
    ),
  );
});
