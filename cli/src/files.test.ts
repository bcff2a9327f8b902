import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { EdgeloopError } from "@edgeloop/core/platform";
import { expect, test } from "vitest";
import { inFile, readInput, readTextInput } from "./files.ts";
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

test("what a file is refused for names the file and keeps its code, details and cause", () => {
  const cause = new EdgeloopError("ONNX_INVALID", "it has no graph", { details: { at: 3 } });
  const refuse = (): never => {
    throw cause;
  };
  expect(() => inFile("m.onnx", refuse)).toThrow(
    expect.objectContaining({
      code: "ONNX_INVALID",
      message: "m.onnx: it has no graph",
      details: { at: 3, path: "m.onnx" },
      cause,
    }),
  );
  const bug = (): never => {
    throw new TypeError("a bug stays what it is");
  };
  expect(() => inFile("m.onnx", bug)).toThrow(TypeError);
  expect(inFile("m.onnx", () => 4)).toBe(4);
});
