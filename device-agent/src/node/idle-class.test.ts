import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { idleLaunch } from "./idle-class.ts";

const hasChrt = existsSync("/usr/bin/chrt");

// sched.h: SCHED_OTHER is 0, SCHED_IDLE 5; proc(5): the policy is field 41 of stat, 38 behind the name.
const policyOf = (args: readonly [string, ...string[]]): string => {
  const [file, ...rest] = args;
  const stat = execFileSync(file, [...rest, "/proc/self/stat"], { encoding: "utf8" });
  return String(stat.split(") ")[1]?.split(" ")[38]);
};

test.skipIf(!hasChrt)("a program starts in the idle class (skipped without chrt)", async () => {
  const { file, args } = await idleLaunch("cat");
  expect(policyOf([file, ...args])).toBe("5");
  expect(policyOf(["cat"])).toBe("0");
});

test("where the class is missing or denied, the program starts as it is", async () => {
  const directory = mkdtempSync(join(tmpdir(), "edgeloop-idle-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const denied = join(directory, "chrt");
  writeFileSync(denied, "#!/bin/sh\nexit 1\n");
  chmodSync(denied, 0o755);
  const files = [join(directory, "missing"), denied];
  expect(await idleLaunch("cat", files)).toEqual({ file: "cat", args: [] });
});
