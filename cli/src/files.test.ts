import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readInput, readTextInput } from "./files.ts";
import { temporary } from "./testing.ts";

test("a missing file is named with what was expected", async () => {
  await expect(readInput("/none/x.onnx", "an .onnx file")).rejects.toMatchObject({
    code: "FILE_MISSING",
    message: "/none/x.onnx: expected an .onnx file, there is no such file",
  });
});

test("other errors keep their code", async () => {
  await expect(readInput(temporary(), "a file")).rejects.toMatchObject({ code: "EISDIR" });
});

test("content is read as it is", async () => {
  const path = join(temporary(), "a.txt");
  writeFileSync(path, "größe");
  expect(await readTextInput(path, "a text file")).toBe("größe");
});
