export type { TinyBundle, TinyOptions } from "./testing/tiny-bundle.ts";
export { tinyBundle, tinyGraph, tinyWindow } from "./testing/tiny-bundle.ts";
export { tinyModelRef, tinyPlan } from "./testing/tiny-plan.ts";
