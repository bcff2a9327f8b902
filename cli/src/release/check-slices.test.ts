import type { StoredRecording } from "@edgeloop/core/data/node";
import { parseProblem } from "@edgeloop/models";
import { expect, test } from "vitest";
import { pumpProblem } from "../demo/problem-text.ts";
import { checkSlices } from "./check-slices.ts";

const recording = (directory: string, attributes: Readonly<Record<string, string>>) =>
  ({ directory, recording: { attributes } }) as unknown as StoredRecording;
const check = (slices: string, recordings: readonly StoredRecording[]): void => {
  const text = pumpProblem.replace(/slices: .*/, `slices: ${slices}`);
  const file = "edgeloop.yaml";
  checkSlices(parseProblem(text, file), recordings, { text, file });
};
const line = 1 + pumpProblem.split("\n").findIndex((row) => row.startsWith("slices:"));

test("attributes that every recording has are fine, and so is none", () => {
  const recordings = [
    recording("a", { pump: "1", site: "x" }),
    recording("b", { pump: "2", site: "x" }),
  ];
  expect(() => check("[pump, site]", recordings)).not.toThrow();
  expect(() => check("[]", [recording("a", {})])).not.toThrow();
});

test("an attribute that a recording lacks is refused at its place, with those that there are", () => {
  const recordings = [
    recording("data/a", { pump: "1" }),
    recording("data/b", { pum: "2", site: "x" }),
  ];
  expect(() => check("[pump]", recordings)).toThrow(
    expect.objectContaining({
      code: "PROBLEM_INVALID",
      message: expect.stringMatching(
        new RegExp(`^edgeloop.yaml:${line}: slices.0: .*"pump": data/b has pum, site$`),
      ),
    }),
  );
});
