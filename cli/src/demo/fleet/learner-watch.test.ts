import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { childrenOf, learnerWatch } from "./learner-watch.ts";

test.skipIf(!existsSync("/proc/self/task"))(
  "a learner counts while it computes, and no longer when it rests or is gone",
  async () => {
    const work =
      "process.on('message', () => { for (const end = Date.now() + 900; Date.now() < end;); }); process.send(1)";
    const child = spawn(process.execPath, ["-e", work, "learner"], {
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    await once(child, "message");
    const { isAtWork } = learnerWatch();
    expect(childrenOf(process.pid)).toContain(child.pid);
    await expect.poll(() => isAtWork(process.pid), { timeout: 5000 }).toBe(false);
    child.send("work");
    await expect.poll(() => isAtWork(process.pid), { timeout: 5000 }).toBe(true);
    await expect.poll(() => isAtWork(process.pid), { timeout: 5000 }).toBe(false);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(childrenOf(process.pid)).not.toContain(child.pid);
  },
);

test("a process that is gone is not training", () => {
  const { isAtWork } = learnerWatch();
  expect(isAtWork(2 ** 22 - 1)).toBe(false);
  expect(isAtWork(undefined)).toBe(false);
});
