import { expect, test } from "vitest";
import { versionOf } from "./version.ts";

test("the version is the package's", async () => {
  expect(await versionOf()).toMatch(/^\d+\.\d+\.\d+/);
});
