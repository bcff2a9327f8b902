import { silentLog } from "@edgeloop/core/platform";
import type { Backend } from "@edgeloop/core/runtime";
import { memoryBlobStore } from "@edgeloop/core/testing";
import { expect, test } from "vitest";
import { createBackendChoice } from "./backend-choice.ts";
import type { Classifier } from "./classifier.ts";
import type { BackendRequest, LearnerApi } from "./learner-protocol.ts";
import { tinyBundle } from "./testing.ts";

async function setUp(
  answer: Backend | Error,
  {
    answered = 1,
    replaced = false,
    overtaken = false,
  }: { answered?: number; replaced?: boolean; overtaken?: boolean } = {},
) {
  const blobs = memoryBlobStore();
  const { manifest, sha256 } = await tinyBundle(blobs);
  const classifier = { identity: sha256, manifest, backend: "wasm" } as Classifier;
  const requests: BackendRequest[] = [];
  const activated: Backend[] = [];
  const opened: number[] = [];
  let served = classifier;
  let disposed = 0;
  const api = {
    chooseBackend: (request: BackendRequest) => {
      requests.push(request);
      return answer instanceof Error
        ? Promise.reject(answer)
        : Promise.resolve({ backend: answer, threads: answered, why: "measured" });
    },
  } as unknown as LearnerApi;
  const choice = createBackendChoice({
    blobs,
    learner: { use: (work) => work(api) },
    threads: 1,
    directory: "d",
    open: (one, { backend, threads }) => {
      opened.push(threads);
      return Promise.resolve({
        ...one,
        backend,
        dispose: () => {
          disposed += 1;
          return Promise.resolve();
        },
      });
    },
    serving: {
      current: () => (replaced ? undefined : served),
      replace: (_old, better) => {
        if (!overtaken) {
          activated.push(better.backend);
          served = better;
        }
        return Promise.resolve(!overtaken);
      },
    },
    signal: new AbortController().signal,
    log: silentLog,
  });
  return {
    activated,
    choice,
    classifier,
    disposed: () => disposed,
    opened,
    requests,
    served: () => served,
  };
}

test("a model that runs better on another backend is served on that one", async () => {
  const { activated, choice, classifier, requests } = await setUp("native");
  await choice.consider(classifier);
  expect(activated).toEqual(["native"]);
  // Measured on the golden windows of the bundle, one at a time as they are served.
  expect(requests[0]).toMatchObject({ input: "window", shape: [1, 20, 2] });
  expect(requests[0]?.windows.map((window) => window.length)).toEqual([40, 40]);
});

test("a model that runs best where it is stays, and so does one whose measuring fails", async () => {
  for (const answer of ["wasm", new Error("the learner died")] as const) {
    const { activated, choice, classifier } = await setUp(answer);
    await choice.consider(classifier);
    expect(activated).toEqual([]);
  }
});

test("a model that was replaced while it was measured is not brought back", async () => {
  const { activated, choice, classifier } = await setUp("native", { replaced: true });
  await choice.consider(classifier);
  expect(activated).toEqual([]);
});

test("a model whose successor is being installed is not brought back, and leaves no worker behind", async () => {
  const { activated, choice, classifier, disposed } = await setUp("native", { overtaken: true });
  await choice.consider(classifier);
  expect([activated, disposed()]).toEqual([[], 1]);
});

test("a pinned or chosen backend is not measured again", async () => {
  const { choice, classifier, requests } = await setUp("native");
  await choice.consider({ ...classifier, backend: "native" });
  expect(requests).toEqual([]);
});

test("a model that runs better with two threads gets them, once", async () => {
  const { choice, classifier, opened, requests, served } = await setUp("wasm", { answered: 2 });
  await choice.consider(classifier);
  await choice.consider(served());
  expect([opened, requests.length]).toEqual([[2], 1]);
});
