import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { terminal } from "./terminal.ts";

let out: string[];
let error: string[];
beforeEach(() => {
  out = [];
  error = [];
  vi.spyOn(process.stdout, "write").mockImplementation((text) => out.push(String(text)) > 0);
  vi.spyOn(process.stderr, "write").mockImplementation((text) => error.push(String(text)) > 0);
});
afterEach(() => void vi.restoreAllMocks());

const open = (json: boolean, fail = () => undefined) =>
  terminal({ json, fail, signal: new AbortController().signal });

test("people read standard output, and with --json standard error", () => {
  open(false).say("hello");
  expect([out, error]).toEqual([["hello\n"], []]);
  open(true).say("hello");
  expect([out, error]).toEqual([["hello\n"], ["hello\n"]]);
});

test("progress never touches standard output", () => {
  open(false).progress("half");
  expect(out).toEqual([]);
  expect(error.join("")).toContain("half");
});

test("a log line carries its fields", () => {
  open(true).log.warn("disk-full", { free: 0 });
  expect(error).toEqual(['warn disk-full {"free":0}\n']);
});

test("a failure is said and counted", () => {
  const fail = vi.fn();
  open(false, fail).fail("GATEWAY_NOT_READY", "broker");
  expect(error).toEqual(["edgeloop: GATEWAY_NOT_READY: broker\n"]);
  expect(fail).toHaveBeenCalledOnce();
});
