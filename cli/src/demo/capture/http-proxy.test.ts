import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { connect } from "node:net";
import { fromUtf8 } from "@edgeloop/core/platform";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Exchange, RecordingProxy } from "./http-proxy.ts";
import { httpProxy } from "./http-proxy.ts";
import type { CaptureLedger } from "./ledger.ts";
import { captureLedger } from "./ledger.ts";

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    response.setHeader("x-length", String(Buffer.concat(chunks).length));
    response.end(`echo ${Buffer.concat(chunks).toString()}`);
  });
});
let proxy: RecordingProxy;
let ledger: CaptureLedger;
let exchanges: Exchange[];

beforeEach(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ledger = captureLedger();
  exchanges = [];
  proxy = await httpProxy({
    gateway: "g1",
    target: () => new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    classify: ({ path }) => ({ up: path === "/known" ? "question" : undefined, down: "answer" }),
    ledger,
    onExchange: (exchange) => exchanges.push(exchange),
  });
});
afterEach(async () => {
  await proxy.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const post = async (path: string, body: string): Promise<string> => {
  const response = await fetch(`http://127.0.0.1:${proxy.port}${path}`, { method: "POST", body });
  return await response.text();
};
/** An exchange is written down when the answer's last byte was handed on, just after the client has it. */
const written = (count: number): Promise<void> =>
  expect.poll(() => exchanges.length).toBe(count) as Promise<void>;

test("requests and answers pass unchanged and both bodies are in the capture", async () => {
  expect(await post("/known", "hello")).toBe("echo hello");
  await written(1);
  const said = [...ledger.contents()].map(fromUtf8);
  expect(said).toContain("hello");
  expect(said).toContain("echo hello");
  expect(said.some((text) => text.startsWith("POST /known HTTP/1.1"))).toBe(true);
  expect(ledger.rawBytes()).toBe(0);
});

test("a request of no known kind counts as raw, head and body", async () => {
  await post("/secret", "0123456789");
  await written(1);
  expect(ledger.rawBytes()).toBeGreaterThan("POST /secret HTTP/1.1\r\n0123456789".length);
});

test("bytes that are no HTTP do not reach the server and count as raw", async () => {
  const socket = connect(proxy.port, "127.0.0.1");
  socket.end("\u0001\u0002 not http at all\r\n\r\n");
  await new Promise((resolve) => socket.on("close", resolve));
  expect(ledger.rawBytes()).toBeGreaterThan(15);
});

test.each([
  ["reset behind a whole request", "GET /known HTTP/1.1\r\nhost: a\r\n\r\n", "reset"],
  ["closed within a head", "GET /known HTTP/1.1\r\nhos", "end"],
  ["closed within a body", "PUT /known HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n1", "end"],
] as const)("a connection %s by a kill adds nothing raw", async (_what, text, how) => {
  const socket = connect(proxy.port, "127.0.0.1");
  const closed = new Promise((resolve) => socket.on("close", resolve));
  socket.write(text);
  if (how === "end") socket.end();
  else {
    await written(1);
    socket.resetAndDestroy();
  }
  await closed;
  // Errors of the proxy's sockets come in order: this refused one comes behind those of the torn one.
  const garbage = connect(proxy.port, "127.0.0.1");
  garbage.end("\u0001");
  await new Promise((resolve) => garbage.on("close", resolve));
  expect(ledger.rawBytes()).toBe(1);
});

test("a server that is away gives a broken connection, not a crash", async () => {
  const away = await httpProxy({
    gateway: "g1",
    target: () => new URL("http://127.0.0.1:1"),
    classify: () => ({ up: "question", down: "answer" }),
    ledger,
  });
  await expect(fetch(`http://127.0.0.1:${away.port}/`)).rejects.toThrow();
  await away.close();
});

test("a slowed body arrives piece by piece, and what was passed on before a cut is in the capture", async () => {
  const passed = Promise.withResolvers<Exchange>();
  const pieces: object[] = [];
  const slow = await httpProxy({
    gateway: "g1",
    target: () => new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    classify: () => ({ up: "question", down: "answer" }),
    ledger,
    throttle: () => 1000,
    onPiece: (path, progress) => pieces.push({ path, ...progress }),
    onExchange: passed.resolve,
  });
  const stop = new AbortController();
  const response = await fetch(`http://127.0.0.1:${slow.port}/known`, {
    method: "POST",
    body: "x".repeat(10_000),
    signal: stop.signal,
  });
  const first = await response.body?.getReader().read();
  expect(first?.value?.length).toBeLessThan(1000);
  stop.abort();
  const { responseBody } = await passed.promise;
  expect(responseBody.length).toBeGreaterThan(0);
  expect(responseBody.length).toBeLessThan(10_000);
  const totalBytes = "echo:".length + 10_000;
  expect(pieces.slice(0, 1)).toEqual([{ path: "/known", sentBytes: 20, totalBytes }]);
  await slow.close();
});
