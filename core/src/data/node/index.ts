export type { CsvImport, CsvImportReport } from "./import-csv.ts";
export { importCsv } from "./import-csv.ts";
export type { RecordingInfo, StoredRecording } from "./recording-files.ts";
export {
  listDataset,
  openRecording,
  readRecording,
  recordingSamples,
  writeRecording,
} from "./recording-files.ts";
export type {
  RecordingCounters,
  RecordingWriter,
  RecordingWriterOptions,
} from "./recording-writer.ts";
export { createRecordingWriter } from "./recording-writer.ts";
