import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { packageVersion } from "./package-version.ts";

test("the version is the one that the manifest pins", async () => {
  const manifest = JSON.parse(
    readFileSync(new URL("../../../package.json", import.meta.url), "utf8"),
  );
  expect(await packageVersion("onnxruntime-web")).toBe(manifest.dependencies["onnxruntime-web"]);
});

test("a package that is not there has none", async () => {
  expect(await packageVersion("no-such-package-anywhere")).toBeUndefined();
});
