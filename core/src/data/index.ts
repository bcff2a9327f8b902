export type { Adapter, AdapterRun, Refusal } from "./adapter.ts";
export type { CsvDecoder, CsvRow } from "./csv.ts";
export { csvDecoder, csvRowCharactersMax } from "./csv.ts";
export type { CsvMapping, CsvReader, CsvRecording } from "./csv-recording.ts";
export { csvReader } from "./csv-recording.ts";
export type { Where } from "./dataset.ts";
export { groupRecordings, parseWhere, selectRecordings } from "./dataset.ts";
export type { Label } from "./label.ts";
export { labelFor, majorityLabel } from "./label.ts";
export { packets } from "./packets.ts";
export type { PathPattern } from "./path-pattern.ts";
export { pathPattern } from "./path-pattern.ts";
export type { Recording, RecordingContent, RecordingFile } from "./recording.ts";
export { parseRecording } from "./recording.ts";
export type { LabelledWindow } from "./recording-windows.ts";
export { labelledWindows } from "./recording-windows.ts";
export type {
  GridRun,
  Resampler,
  ResamplerCounters,
  ResamplerOptions,
} from "./resampler.ts";
export { createResampler, gapSamplesMaxDefault } from "./resampler.ts";
export type { ChannelInfo, Samples, SensorInfo } from "./samples.ts";
export type { SamplesRefusal } from "./samples-refusal.ts";
export type { TimeUnit } from "./time-text.ts";
export { parseTime } from "./time-text.ts";
export type { Window, WindowSpec } from "./window.ts";
export type { Cut, Windower, WindowerCounters } from "./windower.ts";
export { createWindower } from "./windower.ts";
