import { homedir } from "node:os";
import { expect, test } from "vitest";
import { cacheDirectory } from "./cache.ts";

test("the cache is where the desktop's specification puts it", () => {
  expect(cacheDirectory({ XDG_CACHE_HOME: "/var/cache" })).toBe("/var/cache/edgeloop");
  expect(cacheDirectory({})).toBe(`${homedir()}/.cache/edgeloop`);
  expect(cacheDirectory({ XDG_CACHE_HOME: "here" })).toBe(`${homedir()}/.cache/edgeloop`);
});
