export type { RecordingInfo, StoredRecording } from "./recording-files.ts";
export {
  listDataset,
  openRecording,
  readRecording,
  recordingSamples,
  writeRecording,
} from "./recording-files.ts";
