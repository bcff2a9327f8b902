import { EventEmitter } from "node:events";
import { expect, test, vi } from "vitest";
import { EdgeloopError } from "../../platform/errors.ts";
import { nodeEndpoint } from "./comlink-endpoint.ts";
import type { Peer } from "./peer.ts";
import { connectPeer, servePeer } from "./peer.ts";

type Api = {
  double(value: number): Promise<number>;
  fail(): Promise<never>;
  hang(): Promise<never>;
};
const api: Api = {
  double: (value) => Promise.resolve(2 * value),
  fail: () => Promise.reject(new EdgeloopError("FEED_INVALID", "no", { details: { input: "x" } })),
  hang: () => new Promise(() => undefined),
};

type Pair = {
  readonly peer: Peer<Api>;
  readonly die: (reason: string) => void;
  readonly kill: () => void;
  readonly held: boolean[];
};

function connected(callTimeoutMs = 5_000): Pair {
  const [here, there] = [new EventEmitter(), new EventEmitter()];
  servePeer(
    api,
    nodeEndpoint(there, (message) => here.emit("message", structuredClone(message))),
  );
  const { promise: exited, resolve: die } = Promise.withResolvers<string>();
  const kill = vi.fn(() => die("killed"));
  const held: boolean[] = [];
  const peer = connectPeer<Api>(
    {
      endpoint: nodeEndpoint(here, (message) => there.emit("message", structuredClone(message))),
      exited,
      kill,
      hold: (busy) => held.push(busy),
    },
    callTimeoutMs,
  );
  return { peer, die, kill, held };
}

test("calls are answered, and errors arrive with code and details", async () => {
  const { peer } = connected();
  expect(await peer.call((remote) => remote.double(21))).toBe(42);
  await expect(peer.call((remote) => remote.fail())).rejects.toMatchObject({
    code: "FEED_INVALID",
    message: "no",
    details: { input: "x" },
  });
});

test("a peer that dies rejects the calls under way and all later ones", async () => {
  const { peer, die } = connected();
  const waiting = peer.call((remote) => remote.hang());
  die("exit code 9");
  await expect(waiting).rejects.toMatchObject({ code: "WORKER_DIED" });
  expect(peer.alive).toBe(false);
  await expect(peer.call((remote) => remote.double(1))).rejects.toThrow("exit code 9");
});

test("a call over its deadline rejects, and ends the peer", async () => {
  const { peer, kill } = connected(10);
  const [late, other] = [
    peer.call((remote) => remote.hang()),
    peer.call((remote) => remote.hang()),
  ];
  await expect(Promise.allSettled([late, other])).resolves.toMatchObject([
    { reason: { code: "WORKER_TIMEOUT" } },
    { status: "rejected" },
  ]);
  expect(kill).toHaveBeenCalled();
});

test("the process is held only while a call is open", async () => {
  const { peer, held } = connected();
  await Promise.all([1, 2].map((value) => peer.call((remote) => remote.double(value))));
  await peer.call((remote) => remote.fail()).catch(() => undefined);
  expect(held).toEqual([true, false, true, false]);
});
