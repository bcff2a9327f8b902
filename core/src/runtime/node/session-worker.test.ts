import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { expect, test, vi } from "vitest";
import { f32, scalar } from "../../graph/tensor.ts";
import { affineModel } from "../../testing/session-models.ts";
import { encodeModel } from "../model.ts";
import { wasm } from "../webassembly.ts";
import { compiledWasm } from "./compiled-wasm.ts";
import { openInWorker } from "./open-in-worker.ts";

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

test("workers share the code that their parent compiled once", async () => {
  const compile = vi.spyOn(wasm, "compile");
  const [one, two] = [
    await openInWorker(affineModel(), { backend: "wasm" }),
    await openInWorker(affineModel(), { backend: "wasm" }),
  ];
  expect(compile.mock.calls.length).toBeLessThanOrEqual(1);
  for (const session of [one, two]) {
    expect(await session.run({ x: f32([1, 2], [1, 2]) }, ["s"])).toEqual({ s: scalar(8) });
    await session.dispose();
  }
  // A worker that compiles something itself does not get as far as answering.
  const data = { compiled: await compiledWasm() };
  const source = `
    for (const name of ["compile", "instantiate", "compileStreaming", "instantiateStreaming"]) {
      WebAssembly[name] = () => { throw new Error("compiled again"); };
    }
    await import(${JSON.stringify(import.meta.resolve("#inference-worker"))});`;
  const url = new URL(`data:text/javascript,${encodeURIComponent(source)}`);
  const worker = new Worker(url, { workerData: data, execArgv: process.execArgv });
  const open = [encodeModel(affineModel()), { backend: "wasm" }];
  const argumentList = open.map((value) => ({ type: "RAW", value }));
  worker.postMessage({ id: "1", type: "APPLY", path: ["open"], argumentList });
  const [answer] = await once(worker, "message");
  expect(answer).toMatchObject({ id: "1", value: { inputs: [{ name: "x" }] } });
  await worker.terminate();
});

test("imported outside a worker, the entry does nothing", async () => {
  await expect(import("./session-worker.ts")).resolves.toBeDefined();
});
