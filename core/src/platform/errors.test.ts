import { expect, test } from "vitest";
import {
  codeOf,
  EdgeloopError,
  fromWireError,
  hasCode,
  messageOf,
  toWireError,
  unreachable,
} from "./errors.ts";

test("an error carries code, message, details and cause", () => {
  const cause = new Error("disk");
  const error = new EdgeloopError("STORE_FULL", "free space", { details: { bytes: 1 }, cause });
  expect(error).toMatchObject({
    code: "STORE_FULL",
    message: "free space",
    details: { bytes: 1 },
    cause,
  });
  expect("cause" in new EdgeloopError("A", "b")).toBe(false);
});

test.for([
  ["ours", new EdgeloopError("A_B", "c"), "A_B"],
  ["Node's", Object.assign(new Error("no"), { code: "ENOENT" }), "ENOENT"],
  ["one from a wire", { code: "A_B", message: "c" }, "A_B"],
  ["one without", new Error("no"), "UNKNOWN"],
  ["a numeric one", { code: 5 }, "UNKNOWN"],
  ["text", "no", "UNKNOWN"],
  ["nothing", undefined, "UNKNOWN"],
] as const)("the code of %s error is read", ([, thrown, code]) => {
  expect(codeOf(thrown)).toBe(code);
  expect(hasCode(thrown, code)).toBe(true);
  expect(hasCode(thrown, "OTHER")).toBe(false);
});

test("code, message and details survive JSON and a wire", () => {
  const error = new EdgeloopError("A_B", "c", { details: { rows: [1, 2] }, cause: new Error("x") });
  const back = fromWireError(JSON.parse(JSON.stringify(toWireError(error))));
  expect(back).toBeInstanceOf(EdgeloopError);
  expect(back).toMatchObject({ code: "A_B", message: "c", details: { rows: [1, 2] } });
  expect(toWireError(back)).toEqual(toWireError(error));
  expect(toWireError(new EdgeloopError("A_B", "c"))).toEqual({ code: "A_B", message: "c" });
  expect(toWireError("text")).toEqual({ code: "UNKNOWN", message: "text" });
});

test("the message of anything thrown is text", () => {
  expect([new Error("a"), "b", 3, null].map(messageOf)).toEqual(["a", "b", "3", "null"]);
});

test("a case that cannot be is an error with a code", () => {
  expect(() => unreachable("surprise" as never)).toThrowError(
    expect.objectContaining({ code: "UNREACHABLE", details: { value: "surprise" } }),
  );
});
