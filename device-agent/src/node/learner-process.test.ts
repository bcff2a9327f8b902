import { readdirSync, readFileSync } from "node:fs";
import { parseSha256 } from "@edgeloop/core/platform";
import { memoryBlobStore, memoryLog } from "@edgeloop/core/testing";
import { expect, onTestFinished, test } from "vitest";
import { tinyPlan, tinyWindow } from "../testing.ts";
import { idleLaunch } from "./idle-class.ts";
import { startLearnerProcess } from "./learner-process.ts";

const data = { startUs: 0, endUs: 1, holdoutEvery: 0, holdoutBlockUs: 1 };

async function start(memoryMaxMiB = 1024) {
  const log = memoryLog();
  const process = await startLearnerProcess({ memoryMaxMiB, nice: 19, log });
  onTestFinished(() => process.end());
  const pid = Number(log.lines.find(({ event }) => event === "learner-started")?.fields?.["pid"]);
  const blobs = memoryBlobStore();
  const plan = await tinyPlan(blobs, parseSha256("0".repeat(64)), { data });
  const parameters = {
    base: await blobs.get(plan.base.sha256),
    step: await blobs.get(plan.step.graph.sha256),
  };
  const session = async () => {
    const { api } = process;
    await api.begin({ plan, window: { lengthSamples: 20, channels: 2 } });
    const [a, b] = [tinyWindow(0.1), tinyWindow(0.6)];
    await api.add({ data: Float32Array.of(...a, ...b, ...a, ...b), targets: [0, 1, 0, 1] });
    return await api.train(parameters);
  };
  return { process, pid, session };
}

test("the learner trains in another process, which is nice and the first to go", async () => {
  const { pid, session } = await start();
  const first = await session();
  expect(first.length).toBeGreaterThan(0);
  // proc(5): field 19 of stat is the nice value; the name before it may hold spaces.
  const statOf = (thread: string): readonly string[] =>
    readFileSync(`/proc/${pid}/task/${thread}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  const stats = readdirSync(`/proc/${pid}/task`).map(statOf);
  expect(stats.length).toBeGreaterThan(4);
  expect(new Set(stats.map((fields) => fields[16]))).toEqual(new Set(["19"]));
  // Field 41 is the scheduling policy: 5 is SCHED_IDLE (sched.h), which this machine may not have.
  const policy = (await idleLaunch("true")).args.length > 0 ? "5" : "0";
  expect(new Set(stats.map((fields) => fields[38]))).toEqual(new Set([policy]));
  expect(readFileSync(`/proc/${pid}/oom_score_adj`, "utf8").trim()).toBe("1000");
  expect((await (await start()).session()).join()).toBe(first.join());
});

test("a learner that is killed rejects its callers with a code, and ends for good", async () => {
  const { pid, process, session } = await start();
  await session();
  const training = session();
  globalThis.process.kill(pid, "SIGKILL");
  await expect(training).rejects.toMatchObject({ code: "WORKER_DIED" });
  await process.end();
});

test("a learner above its memory is ended", async () => {
  const { session } = await start(64);
  const training = (async () => {
    for (;;) await session();
  })();
  await expect(training).rejects.toMatchObject({ code: "WORKER_DIED" });
});
