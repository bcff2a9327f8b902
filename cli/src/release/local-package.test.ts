import { join } from "node:path";
import { releaseBlobs } from "@edgeloop/cloud-sync/node";
import { missingBlobs, readManifest } from "@edgeloop/core/bundle";
import { memoryBlobStore } from "@edgeloop/core/testing";
import { tinyBundle } from "@edgeloop/device-agent/testing";
import { expect, test } from "vitest";
import { temporary } from "../testing.ts";
import { openLocalPackage, writeLocalPackage } from "./local-package.ts";

test("the newest release of the line is taken, with every blob that it names", async () => {
  const directory = temporary();
  const blobs = await releaseBlobs(directory);
  await writeLocalPackage(directory, await tinyBundle(blobs, { version: 9 }));
  const newest = await tinyBundle(blobs, { version: 10 });
  await writeLocalPackage(directory, newest);
  const into = memoryBlobStore();
  expect(await (await openLocalPackage(directory, "pumps")).putInto(into)).toEqual({
    line: "pumps",
    target: "releases/pumps/10.json",
    manifestSha256: newest.sha256,
  });
  expect(await missingBlobs(await readManifest(into, newest.sha256), into)).toEqual([]);
});

test.for(["fans", "pumps"])("a package without a release of %s says so", async (line) => {
  const directory = join(temporary(), "package");
  if (line === "fans") await writeLocalPackage(directory, await tinyBundle(memoryBlobStore()));
  await expect(openLocalPackage(directory, line)).rejects.toMatchObject({
    code: "RELEASE_PACKAGE_INVALID",
    message: expect.stringContaining(`no release of the line ${line}`),
  });
});
