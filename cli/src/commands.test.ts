import { expect, test } from "vitest";
import { commands } from "./commands.ts";

test("no command is there twice, and none is the noun of another", () => {
  const names = commands.map(({ words }) => words.join(" "));
  expect(names).toEqual([...new Set(names)]);
  for (const name of names) {
    expect(names.filter((other) => other.startsWith(`${name} `))).toEqual([]);
  }
});

test("no option of a command is there twice, and none hides --json", () => {
  for (const { words, options } of commands) {
    const flags = options.flatMap(({ flags: text }) => text.match(/--?[a-z][a-z-]*/g) ?? []);
    expect(flags, words.join(" ")).toEqual([...new Set(flags)]);
    expect(flags).not.toContain("--json");
  }
});

test.for(commands.map((command) => [command.words.join(" "), command] as const))(
  "%s is implemented",
  async ([, command]) => {
    expect((await command.load()).run).toBeTypeOf("function");
  },
);
