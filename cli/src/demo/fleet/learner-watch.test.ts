import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { childrenOf, isLearning } from "./learner-watch.ts";

test.skipIf(!existsSync("/proc/self/task"))(
  "a child whose command names the learner counts while it lives",
  async () => {
    const idle = "setInterval(() => undefined, 1000); console.log(1)";
    const child = spawn(process.execPath, ["-e", idle, "learner"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    await once(child.stdout, "data");
    expect(childrenOf(process.pid)).toContain(child.pid);
    expect(isLearning(process.pid)).toBe(true);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(childrenOf(process.pid)).not.toContain(child.pid);
  },
);

test("a process that is gone is not training", () => {
  expect(isLearning(2 ** 22 - 1)).toBe(false);
  expect(isLearning(undefined)).toBe(false);
});
