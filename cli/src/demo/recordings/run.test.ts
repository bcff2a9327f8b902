import { join } from "node:path";
import { expect, test } from "vitest";
import { temporary } from "../../testing.ts";
import { runRecordings } from "./run.ts";
import { recordPeople, studySettings } from "./testing.ts";

test.for([
  [{ recordings: "/nowhere" }, "FILE_MISSING"],
  [{ where: { device: "hat" } }, "DATASET_EMPTY"],
] as const)("%o is refused with %s before any process starts", async ([changes, code]) => {
  const directory = temporary();
  await recordPeople(directory, ["ann", "bob", "cem"], 2);
  const said: string[] = [];
  const settings = studySettings(directory, { directory: join(directory, "out"), ...changes });
  const ports = { say: (line: string) => said.push(line), signal: new AbortController().signal };
  await expect(runRecordings(settings, ports)).rejects.toMatchObject({ code });
  expect(said[0]).toMatch(/^live report: http:\/\/127\.0\.0\.1:/);
  // The report's server ends with the run.
  await expect(fetch(said[0]?.replace("live report: ", "") ?? "")).rejects.toThrow();
});
