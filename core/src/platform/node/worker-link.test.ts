import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, expect, test } from "vitest";
import type { WorkerLink } from "./worker-link.ts";
import { openWorkerLink } from "./worker-link.ts";

const directory = await mkdtemp(join(tmpdir(), "edgeloop-worker-"));
afterAll(() => rm(directory, { recursive: true }));

const link = pathToFileURL(join(import.meta.dirname, "worker-link.ts")).href;
const errors = pathToFileURL(join(import.meta.dirname, "..", "errors.ts")).href;
const entry = pathToFileURL(join(directory, "worker.mjs")).href;
await writeFile(
  join(directory, "worker.mjs"),
  `import { serveWorker } from ${JSON.stringify(link)};
   import { EdgeloopError } from ${JSON.stringify(errors)};
   import { workerData } from "node:worker_threads";
   serveWorker({
     add: (a, b) => a + b + workerData,
     never: () => new Promise(() => {}),
     refuse: () => { throw new EdgeloopError("TOO_MUCH", "less, please", { details: { most: 3 } }); },
     die: () => process.exit(7),
     crash: () => { setImmediate(() => { throw new Error("bug"); }); return new Promise(() => {}); },
   });`,
);
type Api = {
  add(a: number, b: number): number;
  never(): void;
  refuse(): void;
  die(): void;
  crash(): void;
};
const open = (): WorkerLink<Api> =>
  openWorkerLink<Api>({ entry, diedCode: "WORKER_DIED", workerData: 100 });

test("calls are answered, each its own", async () => {
  const worker = open();
  const sums = await Promise.all([1, 2, 3].map((n) => worker.call((api) => api.add(n, n))));
  expect(sums).toEqual([102, 104, 106]);
  await worker.terminate();
});

test("what a function throws keeps code, message and details", async () => {
  const worker = open();
  await expect(worker.call((api) => api.refuse())).rejects.toMatchObject({
    code: "TOO_MUCH",
    message: "less, please",
    details: { most: 3 },
  });
  expect(await worker.call((api) => api.add(1, 1))).toBe(102);
  await worker.terminate();
});

test.for(["die", "crash"] as const)(
  "when the worker goes (%s), every caller learns it, and later ones at once",
  async (how) => {
    const worker = open();
    const calls = [worker.call((api) => api.never()), worker.call((api) => api[how]())];
    for (const call of calls) await expect(call).rejects.toMatchObject({ code: "WORKER_DIED" });
    await expect(worker.call((api) => api.add(1, 1))).rejects.toMatchObject({
      code: "WORKER_DIED",
    });
  },
);

test("terminating rejects what is under way", async () => {
  const worker = open();
  const call = worker.call((api) => api.never());
  const settled = expect(call).rejects.toMatchObject({ code: "WORKER_DIED" });
  await worker.terminate();
  await settled;
});

test("a worker that cannot start says so", async () => {
  const worker = openWorkerLink<Api>({ entry: `${entry}.missing`, diedCode: "WORKER_DIED" });
  await expect(worker.call((api) => api.add(1, 1))).rejects.toMatchObject({ code: "WORKER_DIED" });
});
