import { codeOf, parseName, sha256, utf8, virtualClock } from "@edgeloop/core/platform";
import { memoryBlobStore } from "@edgeloop/core/testing";
import { expect, test } from "vitest";
import type { CoordinatorApi } from "./coordinator-api.ts";
import { coordinatorApi } from "./coordinator-api.ts";
import { verifyJwt } from "./jwt.ts";
import { generateKey } from "./keys.ts";

const key = await generateKey();
const [fleet, device] = [parseName("plant"), parseName("pump-1")];
const clock = virtualClock(1_800_000_000_000_000);
const signal = new AbortController().signal;
type Call = { readonly url: string; readonly init: RequestInit };

function api(answer: (call: Call) => Response | Promise<Response>, url = "http://127.0.0.1:1/") {
  const calls: Call[] = [];
  const fetch: typeof globalThis.fetch = async (input, init = {}) => {
    const call = { url: String(input), init };
    calls.push(call);
    return await answer(call);
  };
  return { api: coordinatorApi({ url, fleet, device, key, clock, fetch }), calls };
}
const outcome = (call: Promise<unknown>) => call.then(() => "DONE", codeOf);

test("each request carries a fresh token that only this fleet accepts", async () => {
  const { api: routes, calls } = api(() => new Response("{}"));
  await routes.get("/v1/work", signal);
  await routes.get("/v1/work", signal);
  const tokens = calls.map(({ init }) => new Headers(init.headers).get("authorization"));
  expect(new Set(tokens).size).toBe(2);
  const claims = await verifyJwt(String(tokens[0]).replace("Bearer ", ""), {
    audience: "edgeloop/plant",
    clock,
    keyOf: () => Promise.resolve(key),
  });
  expect(claims.device).toBe(device);
  expect(calls[0]?.url).toBe("http://127.0.0.1:1/v1/work");
});

test("a refusal keeps its code and status; anything else gets one", async () => {
  const refuse = (body: string) => api(() => new Response(body, { status: 409 })).api;
  const call = (routes: CoordinatorApi) => routes.get("/v1/work", signal);
  const refusal = call(refuse('{"code":"ROUND_CLOSED","message":"too late"}'));
  await expect(refusal).rejects.toMatchObject({ code: "ROUND_CLOSED", details: { status: 409 } });
  expect(await outcome(call(refuse("<h1>proxy</h1>")))).toBe("COORDINATOR_ANSWER_INVALID");
  const { api: gone } = api(() => Promise.reject(new TypeError("refused")));
  expect(await outcome(call(gone))).toBe("COORDINATOR_UNREACHABLE");
});

test("an endless answer is cut off", async () => {
  const endless = new ReadableStream({
    pull(controller) {
      controller.enqueue(new Uint8Array(1024 * 1024));
    },
  });
  const { api: routes } = api(() => new Response(endless));
  expect(await outcome(routes.get("/v1/work", signal))).toBe("ANSWER_TOO_LARGE");
});

test("blobs are fetched once and verified while they stream in", async () => {
  const blobs = memoryBlobStore();
  const content = utf8("graph");
  const ref = { sha256: await sha256(content), bytes: content.length };
  const { api: routes, calls } = api(() => new Response(content));
  await routes.fetchBlobs([ref, ref], blobs, signal);
  expect(calls).toHaveLength(1);
  const { api: liar } = api(() => new Response("other"));
  const wrong = liar.fetchBlobs([{ ...ref, sha256: await sha256(utf8("x")) }], blobs, signal);
  expect(await outcome(wrong)).toBe("BLOB_MISMATCH");
});

test("plain HTTP to another machine is refused", () => {
  expect(() => api(() => new Response(), "http://plant.example")).toThrow(
    expect.objectContaining({ code: "CONNECTION_INSECURE" }),
  );
});
