export type { WindowInfo } from "./features.ts";
export { featureChannels, features } from "./features.ts";
export type { Block, Pipeline } from "./pipeline.ts";
export { parsePipeline } from "./pipeline.ts";
