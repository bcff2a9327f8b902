import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { virtualClock } from "../clock.ts";
import { EdgeloopError } from "../errors.ts";
import { jsonLog } from "./json-log.ts";

const linesOf = (output: PassThrough): unknown[] =>
  String(output.read() ?? "")
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));

test("a line holds time, level, event and fields", () => {
  const output = new PassThrough();
  const log = jsonLog(output, { clock: virtualClock(1_500_000), fields: { part: "agent" } });
  log.warn("queue full", { waiting: 3, bytes: 2n ** 60n });
  expect(linesOf(output)).toEqual([
    {
      time: "1970-01-01T00:00:01.500Z",
      level: "warn",
      event: "queue full",
      part: "agent",
      waiting: 3,
      bytes: "1152921504606846976",
    },
  ]);
});

test("levels below the lowest are dropped", () => {
  const output = new PassThrough();
  const log = jsonLog(output, { level: "warn" });
  log.debug("a");
  log.info("b");
  log.error("c");
  expect(linesOf(output)).toMatchObject([{ event: "c" }]);
});

test("an error among the fields keeps code, message and details", () => {
  const output = new PassThrough();
  const error = new EdgeloopError("STORE_FULL", "the store is full", { details: { bytes: 1 } });
  jsonLog(output).error("commit failed", { error });
  expect(linesOf(output)).toMatchObject([
    { error: { code: "STORE_FULL", message: "the store is full", details: { bytes: 1 } } },
  ]);
});

test("a newline in a value does not make a second line", () => {
  const output = new PassThrough();
  jsonLog(output).info("a\nb", { text: "c\nd" });
  expect(linesOf(output)).toHaveLength(1);
});
