import { expect, test } from "vitest";
import type { Command } from "./command.ts";
import { treeJson } from "./tree.ts";

test("a command is its words, without what implements it", () => {
  const command: Command = {
    words: ["data", "import"],
    summary: "import",
    args: [{ name: "from", summary: "a folder" }],
    options: [{ flags: "--to <dir>", summary: "there", required: true }],
    load: () => Promise.reject(new Error("not loaded for help")),
  };
  expect(treeJson([command])).toEqual({
    format: 1,
    commands: [
      {
        command: "data import",
        summary: "import",
        args: [{ name: "from", summary: "a folder" }],
        options: [{ flags: "--to <dir>", summary: "there", required: true }],
      },
    ],
  });
});
