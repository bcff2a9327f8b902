export type { Adapter, AdapterRun, Refusal } from "./adapter.ts";
export type { Label } from "./label.ts";
export { labelFor, majorityLabel } from "./label.ts";
export type {
  GridRun,
  Resampler,
  ResamplerCounters,
  ResamplerOptions,
} from "./resampler.ts";
export { createResampler, gapSamplesMaxDefault } from "./resampler.ts";
export type { ChannelInfo, Samples, SensorInfo } from "./samples.ts";
export type { SamplesRefusal } from "./samples-refusal.ts";
export type { Window, WindowSpec } from "./window.ts";
export type { Cut, Windower, WindowerCounters } from "./windower.ts";
export { createWindower } from "./windower.ts";
