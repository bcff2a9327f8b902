import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { listDataset, readRecording } from "@edgeloop/core/data/node";
import { expect, test } from "vitest";
import { temporary, testContext } from "../testing.ts";
import { run } from "./data-import.ts";

const options = {
  path: "{person}/{run}.csv",
  channels: "x=m/s2,y=m/s2",
  time: "t:ms",
  label: "what",
  rate: "10",
  sensor: "phone",
  origin: "made by hand",
};

function folder(text = "t,y,x,what\n0,2,1,rest\n100,4,3,rest\n100,9,9,rest\n200,6,5,walk\n"): {
  readonly from: string;
  readonly to: string;
} {
  const directory = temporary();
  mkdirSync(join(directory, "csv", "ann"), { recursive: true });
  writeFileSync(join(directory, "csv", "ann", "1.csv"), text);
  writeFileSync(join(directory, "csv", "about.csv"), "this,is,no,recording\n");
  return { from: join(directory, "csv"), to: join(directory, "data") };
}

test("files become recordings, and what was dropped is counted", async () => {
  const { from, to } = folder();
  const context = testContext();
  expect(await run(context, [from], { ...options, to })).toMatchObject({
    files: 1,
    skipped: ["about.csv"],
    rows: 4,
    rowsRepeated: 1,
    samples: 3,
  });
  expect(context.progressed).toEqual(["imported 1 of 1 files"]);
  expect(context.said.join("\n")).toContain("rows dropped, time repeated  1");
  const [stored] = await listDataset(to);
  const { recording, data, labels } = await readRecording(stored?.directory ?? "");
  expect(recording.attributes).toEqual({ person: "ann", run: "1" });
  expect(recording.origin).toBe("made by hand: ann/1.csv");
  expect([...data]).toEqual([1, 2, 3, 4, 5, 6]);
  expect(labels.map(({ label }) => label)).toEqual(["rest", "walk"]);
});

test("a bad cell is named by file, line, column and what was expected", async () => {
  const { from, to } = folder("t,y,x,what\n0,2,oops,rest\n");
  await expect(run(testContext(), [from], { ...options, to })).rejects.toMatchObject({
    code: "CSV_CELL_INVALID",
    message: expect.stringMatching(/ann\/1\.csv:2: column x: expected a finite number/),
  });
});

test.for([
  ["time", "t"],
  ["time", "t:hours"],
  ["channels", "x"],
  ["rate", "fast"],
  ["rate", "0"],
])("--%s %s is wrong usage", async ([name = "", value]) => {
  const { from, to } = folder();
  await expect(run(testContext(), [from], { ...options, to, [name]: value })).rejects.toMatchObject(
    { code: "USAGE", message: expect.stringContaining(`--${name}`) },
  );
});

test("a folder that is not there is named", async () => {
  await expect(run(testContext(), ["/none"], { ...options, to: "/x" })).rejects.toMatchObject({
    code: "FILE_MISSING",
  });
});
