import { expect, test } from "vitest";
import { groupRecordings, parseWhere, selectRecordings } from "./dataset.ts";

const of = (attributes: Readonly<Record<string, string>>) => ({ recording: { attributes } });
const all = [
  of({ subject: "s02", device: "sp" }),
  of({ subject: "s01", device: "sp" }),
  of({ subject: "s01", device: "sw" }),
];

test("recordings are kept whose attributes are as asked", () => {
  expect(selectRecordings(all, { device: "sp" })).toEqual([all[0], all[1]]);
  expect(selectRecordings(all, { device: "sp", subject: ["s01", "s03"] })).toEqual([all[1]]);
  expect(selectRecordings(all, {})).toEqual(all);
});

test("groups come in the order of their names", () => {
  expect([...groupRecordings(all, "subject")]).toEqual([
    ["s01", [all[1], all[2]]],
    ["s02", [all[0]]],
  ]);
});

test("an attribute that no recording has is refused with the names there are", () => {
  const refusal = expect.objectContaining({
    code: "ATTRIBUTE_UNKNOWN",
    details: { attribute: "person", known: ["device", "subject"] },
  });
  expect(() => selectRecordings(all, { person: "s01" })).toThrowError(refusal);
  expect(() => groupRecordings(all, "person")).toThrowError(refusal);
});

test("a selection that leaves nothing and a group that leaves some out are refused", () => {
  expect(() => selectRecordings(all, { device: "tv" })).toThrowError(
    expect.objectContaining({ code: "DATASET_EMPTY" }),
  );
  expect(() => groupRecordings([...all, of({ device: "sp" })], "subject")).toThrowError(
    expect.objectContaining({ code: "ATTRIBUTE_MISSING" }),
  );
});

test("conditions are read as they are typed", () => {
  expect(parseWhere(["a=1", "b=x=y", "a=2"])).toEqual({ a: ["1", "2"], b: ["x=y"] });
  for (const wrong of ["a", "=1", ""]) {
    expect(() => parseWhere([wrong])).toThrowError(
      expect.objectContaining({ code: "CONDITION_INVALID" }),
    );
  }
});
