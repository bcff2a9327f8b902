import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";

test("the entry resolves by its import name and answers in a thread", async () => {
  const worker = new Worker(new URL(import.meta.resolve("#inference-worker")), { workerData: {} });
  // A comlink call of a function that needs an open session: the answer is an error with our code.
  worker.postMessage({
    id: "1",
    type: "APPLY",
    path: ["run"],
    argumentList: [{ type: "RAW", value: {} }],
  });
  const [answer] = await once(worker, "message");
  expect(answer).toMatchObject({ id: "1", value: { value: { code: "SESSION_DISPOSED" } } });
  await worker.terminate();
});

test("imported outside a worker, the entry does nothing", async () => {
  await expect(import("./session-worker.ts")).resolves.toBeDefined();
});
