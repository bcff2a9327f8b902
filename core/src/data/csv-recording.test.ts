import { expect, test } from "vitest";
import type { CsvMapping, CsvRecording } from "./csv-recording.ts";
import { csvReader } from "./csv-recording.ts";

const mapping: CsvMapping = {
  channels: [
    { column: "y", unit: "m/s2" },
    { column: "x", unit: "m/s2" },
  ],
  time: { column: "t", unit: "ms" },
  rateHz: 100,
  label: "what",
};
const read = (text: string, other: Partial<CsvMapping> = {}): readonly CsvRecording[] => {
  const reader = csvReader({ ...mapping, ...other }, "run.csv");
  reader.push(text);
  return reader.end();
};

test("columns become channels in the order asked for", () => {
  const [recording] = read("what,x,y,t\na,1,2,0\na,3,4,10\nb,5,6,20\n");
  expect([...(recording?.data ?? [])]).toEqual([2, 1, 4, 3, 6, 5]);
  expect([...(recording?.timesUs ?? [])]).toEqual([0, 10_000, 20_000]);
  expect(recording?.labels).toEqual([
    { startUs: 0, endUs: 20_000, label: "a", by: "import" },
    { startUs: 20_000, endUs: 30_000, label: "b", by: "import" },
  ]);
});

test("rows without times are a period apart", () => {
  const [recording] = read("x,y,what\n1,1,\n2,2,\n", { time: { startUs: 1_000_000 } });
  expect([...(recording?.timesUs ?? [])]).toEqual([1_000_000, 1_010_000]);
  expect(recording?.labels).toEqual([]);
});

test("rows of other attributes are other recordings", () => {
  const text = "who,x,y,t,what\nann,1,1,0,a\nbob,2,2,500,a\nann,3,3,10,a\nbob,4,4,510,b\n";
  const recordings = read(text, { attributes: ["who"] });
  expect(recordings.map(({ attributes, data }) => [attributes["who"], ...data])).toEqual([
    ["ann", 1, 1, 3, 3],
    ["bob", 2, 2, 4, 4],
  ]);
});

test.for([
  ["a missing column", "x,t,what\n1,0,a\n", "CSV_COLUMN_MISSING", { line: 1 }],
  [
    "no number",
    "x,y,t,what\n1,one,0,a\n",
    "CSV_CELL_INVALID",
    { line: 2, column: "y", got: "one" },
  ],
  ["an empty cell", "x,y,t,what\n1,1,0,a\n,1,10,a\n", "CSV_CELL_INVALID", { line: 3, column: "x" }],
  ["not a number", "x,y,t,what\nNaN,1,0,a\n", "CSV_CELL_INVALID", { line: 2, column: "x" }],
  [
    "a number beyond float32",
    "x,y,t,what\n1e39,1,0,a\n",
    "CSV_CELL_INVALID",
    { line: 2, column: "x" },
  ],
  ["no time", "x,y,t,what\n1,1,noon,a\n", "CSV_CELL_INVALID", { line: 2, column: "t" }],
  ["a row too short", "x,y,t,what\n1,1,0\n", "CSV_ROW_SHAPE", { line: 2, expected: "4 cells" }],
  ["time that steps back", "x,y,t,what\n1,1,10,a\n1,1,0,a\n", "CSV_TIME_BACK", { line: 3 }],
  ["a header alone", "x,y,t,what\n", "CSV_EMPTY", { line: 1 }],
  ["nothing", "", "CSV_EMPTY", { line: 1 }],
] as const)("%s is refused with file and line", ([, text, code, details]) => {
  expect(() => read(text)).toThrowError(
    expect.objectContaining({
      code,
      details: expect.objectContaining({ file: "run.csv", ...details }),
      message: expect.stringMatching(/^run\.csv:\d+: .*expected /),
    }),
  );
});
