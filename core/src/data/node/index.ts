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
