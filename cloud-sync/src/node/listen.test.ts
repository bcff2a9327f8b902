import { connect, createServer } from "node:net";
import { expect, test } from "vitest";
import { checkListen, listenOn } from "./listen.ts";

test.for([
  ["127.0.0.1", true],
  ["127.1.2.3", true],
  ["::1", true],
  ["localhost", true],
  ["0.0.0.0", false],
  ["::", false],
  ["10.0.0.1", false],
  ["localhost.evil.example", false],
] as const)("plain text on %s is allowed: %s", ([host, allowed]) => {
  const check = () => checkListen({ host, port: 0 });
  if (allowed) expect(check).not.toThrow();
  else expect(check).toThrow(expect.objectContaining({ code: "CONNECTION_INSECURE" }));
  const tls = { cert: new Uint8Array(), key: new Uint8Array() };
  expect(() => checkListen({ host, port: 0, tls })).not.toThrow();
});

test("port 0 takes a free one and says which; a taken one is refused", async () => {
  const [first, second] = [createServer((socket) => socket.end()), createServer()];
  const port = await listenOn(first, { host: "127.0.0.1", port: 0 });
  await new Promise<void>((resolve) => connect(port, "127.0.0.1").on("connect", () => resolve()));
  await expect(listenOn(second, { host: "127.0.0.1", port })).rejects.toMatchObject({
    code: "EADDRINUSE",
  });
  first.close();
});
