export type { Adapter, AdapterRun, Refusal } from "./adapter.ts";
export type { Label } from "./label.ts";
export type { ChannelInfo, Samples, SensorInfo } from "./samples.ts";
export type { Window, WindowSpec } from "./window.ts";
