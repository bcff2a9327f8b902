import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { readKeyFile } from "@edgeloop/cloud-sync/node";
import { expect, test } from "vitest";
import { temporary, testContext } from "../testing.ts";
import { run } from "./keys-init.ts";

test("a key is its owner's alone, and its public half holds no secret", async () => {
  const out = join(temporary(), "keys");
  const made = await run(testContext(), [], { role: "offline", out });
  const file = join(out, "offline.json");
  expect(made).toMatchObject({ role: "offline", file, publicFile: join(out, "offline.pub.json") });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect((await readKeyFile(file, "offline")).keyId).toBe(made?.["keyId"]);
  const published = JSON.parse(readFileSync(join(out, "offline.pub.json"), "utf8"));
  expect(Object.keys(published.jwk).toSorted()).toEqual(["crv", "kty", "x"]);
});

test("a key is never overwritten, and one command makes one key", async () => {
  const out = temporary();
  await run(testContext(), [], { role: "online", out });
  await expect(run(testContext(), [], { role: "online", out })).rejects.toMatchObject({
    code: "KEY_FILE_EXISTS",
  });
  await expect(run(testContext(), [], { role: "both", out })).rejects.toMatchObject({
    code: "USAGE",
  });
});
