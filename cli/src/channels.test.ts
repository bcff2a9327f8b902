import { expect, test } from "vitest";
import { parseChannels } from "./channels.ts";

test("names and units stand in the order in which they were typed", () => {
  expect(parseChannels("b = rad/s, a=1")).toEqual([
    { name: "b", unit: "rad/s" },
    { name: "a", unit: "1" },
  ]);
});

test.for(["", "x", "x=", "=m", "x=m,,y=m", "x=m,x=g"])("%j is wrong usage", (text) => {
  expect(() => parseChannels(text)).toThrow(expect.objectContaining({ code: "USAGE" }));
});
