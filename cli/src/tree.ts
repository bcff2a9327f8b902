import type { Command } from "./command.ts";

/**
 * Describes the command tree as data, for `edgeloop --help --json` and for the test that holds the docs to it.
 *
 * @example
 * treeJson([]).commands; // => []
 */
export const treeJson = (
  commands: readonly Command[],
): {
  readonly format: 1;
  readonly commands: readonly {
    readonly command: string;
    readonly summary: string;
    readonly args: Command["args"];
    readonly options: Command["options"];
  }[];
} => ({
  format: 1,
  commands: commands.map(({ words, summary, args, options }) => ({
    command: words.join(" "),
    summary,
    args,
    options,
  })),
});
