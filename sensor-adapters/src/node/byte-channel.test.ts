import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { expect, test } from "vitest";
import { openByteChannel } from "./byte-channel.ts";

test("bytes go both ways, and an abort ends the stream without an error", async () => {
  const server = createServer((socket) => socket.pipe(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const stop = new AbortController();
  const channel = await openByteChannel(
    { path: `tcp://127.0.0.1:${port}`, baudRate: 0 },
    stop.signal,
  );
  await channel.write(Uint8Array.of(1, 2, 3));
  const got: number[] = [];
  for await (const chunk of channel.incoming) {
    got.push(...chunk);
    if (got.length === 3) stop.abort();
  }
  expect(got).toEqual([1, 2, 3]);
  await channel.close();
  server.close();
});

test("a port that nobody listens on is an error with its address", async () => {
  const { signal } = new AbortController();
  await expect(
    openByteChannel({ path: "tcp://127.0.0.1:1", baudRate: 0 }, signal),
  ).rejects.toMatchObject({
    code: "CHANNEL_OPEN_FAILED",
  });
});
