export type { DatasetOptions } from "./dataset.ts";
export { loadExamples } from "./dataset.ts";
