import { bytesOf, engineEntry, minified } from "../browser/minified.ts";
import type { Bench, Figure } from "./bench.ts";

/** What an application may use alone, by what it imports. */
const parts = {
  "import of .onnx": 'export { decodeOnnx } from "@edgeloop/core/graph";',
  "training step": 'export { trainingStep } from "@edgeloop/core/autodiff";',
  quantization: 'export { quantize } from "@edgeloop/core/quantize";',
  running: 'export { openSession } from "@edgeloop/core/runtime";',
} as const;

/** Thousands of bytes. */
const kilobytes = async (label: string, entry: string): Promise<Figure> => ({
  ...{ label: `${label}, kB minified`, unit: "count" },
  value: bytesOf(await minified(entry, "apart")) / 1000,
});

export const bench: Bench = {
  name: "size",
  about: "the engine's own JavaScript, without the runtimes and with only what is imported",
  run: async () => [
    { ...(await kilobytes("the whole engine", engineEntry)), atMost: 150 },
    ...(await Promise.all(
      Object.entries(parts).map(([label, entry]) => kilobytes(`${label} alone`, entry)),
    )),
  ],
};
