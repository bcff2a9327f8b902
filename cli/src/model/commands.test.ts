import { expect, test } from "vitest";
import { modelCommands } from "./commands.ts";

test("every row is a verb of model, and takes the model first", () => {
  for (const { words, args } of modelCommands) {
    expect([words.length, words[0]]).toEqual([2, "model"]);
    expect(args[0]?.name, words.join(" ")).toBe("model");
  }
});
