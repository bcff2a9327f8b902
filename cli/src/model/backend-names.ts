// Apart from what opens them, so that help does not load the runtimes' code.

/** What `--backend` takes. */
export const backendChoices = ["auto", "native", "wasm", "webgpu", "litert", "tflite"] as const;

/** The same in words, for help and refusals. */
export const backendSummary: string = `${backendChoices.slice(0, -1).join(", ")} or ${backendChoices.at(-1)}`;
