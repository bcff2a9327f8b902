import { fork } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";

test("a learner whose daemon is gone ends by itself", async () => {
  const child = fork(new URL("./learner.ts", import.meta.url), {
    execArgv: [...process.execArgv],
    serialization: "advanced",
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  await once(child, "spawn");
  const exited = once(child, "exit");
  child.disconnect();
  expect(await exited).toEqual([0, null]);
});
