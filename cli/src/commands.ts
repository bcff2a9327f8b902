import type { Command } from "./command.ts";

/** The command line, all of it: one row a command. */
export const commands: readonly Command[] = [
  {
    words: ["model", "inspect"],
    summary: "show a model's inputs, outputs, size and operators",
    args: [{ name: "model", summary: "an .onnx file" }],
    options: [],
    load: () => import("./commands/model-inspect.ts"),
  },
  {
    words: ["model", "run"],
    summary: "run a model once",
    args: [{ name: "model", summary: "an .onnx file" }],
    options: [
      { flags: "--inputs <file>", summary: "input tensors, .safetensors", required: true },
      { flags: "-o, --output <file>", summary: "where the outputs go", required: true },
      { flags: "--backend <name>", summary: "native or wasm", fallback: "wasm" },
    ],
    load: () => import("./commands/model-run.ts"),
  },
];
