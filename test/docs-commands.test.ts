// Holds docs/commands.md to the command tree. After a change of the tree: vitest run --project house test/docs-commands.test.ts --update
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "./source-files.ts";

type Described = {
  readonly command: string;
  readonly summary: string;
  readonly args: readonly {
    readonly name: string;
    readonly summary: string;
    readonly optional?: boolean;
  }[];
  readonly options: readonly {
    readonly flags: string;
    readonly summary: string;
    readonly fallback?: string | boolean;
    readonly required?: boolean;
  }[];
};

const bin = join(root, "cli", "bin", "edgeloop.js");
const tree: { readonly commands: readonly Described[] } = JSON.parse(
  execFileSync(process.execPath, [bin, "--help", "--json"], { encoding: "utf8" }),
);

const head = `# Commands

What \`edgeloop --help --json\` prints, for people. Every command takes \`--json\`: standard output then holds one object
and nothing else, progress goes to standard error. Exit codes: 0 success; 1 a problem with the input or the world, on
one line: what, where, what to do; 2 wrong usage.
`;

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("<", "&lt;");

function section({ command, summary, args, options }: Described): string {
  const words = args.map(({ name, optional }) => (optional ? `[${name}]` : `<${name}>`));
  const needed = options.filter(({ required }) => required).map(({ flags }) => flagOf(flags));
  const usage = ["edgeloop", command, ...words, ...needed].join(" ");
  const rows = [
    ...args.map((arg) => [`\`${arg.name}\``, cell(arg.summary)]),
    ...options.map(({ flags, summary: what, fallback, required }) => [
      `\`${flags.replace("...", "")}\``,
      cell(what) + noteOf({ fallback, required }),
    ]),
  ];
  const list = rows.map((row) => `| ${row.join(" | ")} |`);
  const table = rows.length === 0 ? [] : ["", "| | |", "|---|---|", ...list];
  return [`## ${command}`, "", `${sentence(summary)}`, "", "```", usage, "```", ...table].join(
    "\n",
  );
}

const flagOf = (flags: string): string => flags.replace(/^-\w, /, "");

const sentence = (text: string): string => `${text[0]?.toUpperCase()}${text.slice(1)}.`;

function noteOf(option: {
  readonly fallback: string | boolean | undefined;
  readonly required: boolean | undefined;
}): string {
  const notes = [
    option.required ? "required" : "",
    typeof option.fallback === "string" ? `default \`${option.fallback}\`` : "",
  ];
  const said = notes.filter((note) => note !== "");
  return said.length === 0 ? "" : ` (${said.join("; ")})`;
}

test("docs/commands.md is the tree", async () => {
  const page = `${[head, ...tree.commands.map(section)].join("\n")}\n`.replaceAll(
    "\n## ",
    "\n\n## ",
  );
  await expect(page.replaceAll(/\n{3,}/g, "\n\n")).toMatchFileSnapshot("../docs/commands.md");
});

test("commands and options that the docs name are there", () => {
  const names = new Set(tree.commands.map(({ command }) => command));
  const known = new Map(tree.commands.map((one) => [one.command, one.options.map((o) => o.flags)]));
  const wrong: string[] = [];
  for (const path of docs()) {
    const text = readFileSync(path, "utf8");
    for (const [, line = ""] of text.matchAll(/(?:^\$ |`)edgeloop ([a-z][^`\n]*)/gm)) {
      const [first = "", second = ""] = line.split(" ");
      const command = names.has(first) ? first : `${first} ${second}`;
      const flags = (known.get(command) ?? []).join(" ");
      const used = [...line.matchAll(/ (--[a-z-]+)/g)].map((match) => match[1] ?? "");
      const unknown = used.filter((flag) => flag !== "--json" && !flags.includes(flag));
      if (!names.has(command) || unknown.length > 0) wrong.push(`${path}: edgeloop ${line}`);
    }
  }
  expect(wrong).toEqual([]);
});

function docs(): readonly string[] {
  const pages = (folder: string): string[] =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith(".md"))
      .map((name) => join(root, folder, name));
  return [".", "docs", "cli", "core", "sensor-adapters", "firmware-bridge"].flatMap(pages);
}
