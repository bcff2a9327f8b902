import { describe, expect, test } from "vitest";
import { graphRefusals } from "../../../test/graph-refusals.ts";
import { onnxRefusals } from "../../../test/onnx-refusals.ts";
import { sources } from "../../../test/source-files.ts";
import { EdgeloopError } from "../platform/errors.ts";

const refusals = [...graphRefusals, ...onnxRefusals];

/** What provokes an error, and the error. */
function errorOf(provoke: () => unknown): EdgeloopError {
  try {
    provoke();
  } catch (error) {
    if (error instanceof EdgeloopError) return error;
    throw error;
  }
  throw new Error("it was not refused");
}

describe("refused", () => {
  test.for(refusals)("%s: %s", ([code, message, provoke]) => {
    const error = errorOf(provoke);
    expect(error.message).toContain(message);
    expect(error.code).toBe(code);
  });
});

/** Messages that other tests provoke: they need files, clocks or gigabytes, or are the arrays' own. */
const elsewhere: Readonly<Record<string, string>> = {
  "a file ends below 2 GiB": "needs 2 GiB",
  "an ONNX file ends below 2 GiB; split the weights": "onnx-write.test.ts",
  "bodies are too many to follow": "onnx-fuzz.test.ts",
  'attribute "${name}" of a function is given as ${found.kind}': "onnx-graph.test.ts",
  "too many nodes": "onnx-graph.test.ts",
  "the file became shorter while it was read": "needs a file that changes meanwhile",
  "it cannot be opened": "needs a file without permission, which root has",
};
const elsewhereFiles = [
  ...[
    "npy.ts",
    "npy-header.ts",
    "npz.ts",
    "onnx-external.ts",
    "onnx-functions.ts",
    "opset-attention.ts",
  ],
  ...["node/external-files.ts", "operators/control-flow.ts", "recurrent-direction.ts"],
  "opset-attention.ts",
];

/** The texts that errors of a source are made with: what stands first where one is made. */
function messagesOf(source: string): readonly string[] {
  const made =
    /(?:(?<![\w.])(?:invalid|unsupported|refused|EdgeloopError|fail|listInvalid)\(\s*(?:"[A-Z_]+",\s*)?|(?:nodeInvalid|refused|unsupported)\(\s*[\w.]+,\s*)(`[^`]*`|"[^"]*")/g;
  return [...source.matchAll(made)]
    .map(([, text = ""]) => text.slice(1, -1))
    .filter((text) => !/^[A-Z_]+$/.test(text));
}

/** Tells whether a text with places for values is what a message says. */
function says(message: string, text: string): boolean {
  const parts = text.split(/\$\{(?:[^{}]|\{[^}]*\})*\}/).filter((part) => part.trim() !== "");
  let at = 0;
  return parts.every((part) => {
    const found = message.indexOf(part, at);
    at = found + part.length;
    return found >= 0;
  });
}

test("every construct that the sources refuse has a test for its code and message", () => {
  const provoked = refusals.map(([, , provoke]) => errorOf(provoke).message);
  const missing = sources()
    .filter(({ path }) => path.startsWith("core/src/graph/"))
    .filter(({ path }) => !elsewhereFiles.some((file) => path.endsWith(`/${file}`)))
    .flatMap(({ path, text }) => messagesOf(text).map((message) => ({ path, message })))
    .filter(({ message }) => !Object.hasOwn(elsewhere, message))
    .filter(({ message }) => !provoked.some((each) => says(each, message)))
    .map(({ path, message }) => `${path}: ${message}`);
  expect(missing).toEqual([]);
});
