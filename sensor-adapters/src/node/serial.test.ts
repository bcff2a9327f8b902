import { spawn } from "node:child_process";
import { on, once } from "node:events";
import { existsSync, mkdtempSync } from "node:fs";
import type { AddressInfo, Socket } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Refusal } from "@edgeloop/core/data";
import { virtualClock } from "@edgeloop/core/platform";
import { adapterContract } from "@edgeloop/core/testing";
import { expect, test } from "vitest";
import { decoderOf, parseFormat } from "../decode/format.ts";
import { openByteChannel } from "./byte-channel.ts";
import { serialAdapter } from "./serial.ts";

const info = { sensor: "board", rateHz: 100, channels: [{ name: "x", unit: "g" }] };
const decode = decoderOf(info, parseFormat({ kind: "csv", columns: [0] }, info));

async function readThree(path: string): Promise<{ got: number[]; refused: string[] }> {
  const stop = new AbortController();
  const refused: Refusal[] = [];
  const adapter = serialAdapter(info, {
    open: (signal) => openByteChannel({ path, baudRate: 115_200 }, signal),
    decode,
    clock: virtualClock(1e6),
  });
  const got: number[] = [];
  for await (const samples of adapter.samples({
    signal: stop.signal,
    refuse: (one) => refused.push(one),
  })) {
    got.push(...samples.data);
    if (got.length === 3) break;
  }
  return { got, refused: refused.map((one) => one.code) };
}

adapterContract("serial", async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.resume();
    socket.write("torn li\n");
    sockets.push(socket);
  });
  const connections = on(server, "connection");
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const clock = virtualClock(1e6);
  const send = async (line: string): Promise<void> => {
    await clock.advance(10);
    sockets.at(-1)?.write(`${line}\n`);
  };
  return {
    adapter: serialAdapter(info, {
      open: (signal) =>
        openByteChannel({ path: `tcp://127.0.0.1:${port}`, baudRate: 115_200 }, signal),
      decode,
      clock,
    }),
    source: {
      listening: async () => void (await connections.next()),
      good: () => send("1.5"),
      bad: () => send("nonsense"),
    },
    close: async () => {
      server.close();
      await once(server, "close");
    },
  };
});

const lines = "torn li\n1.5\nnonsense\n2.5\r\n3.5\n4.5\n";

test("lines over a socket: the first is passed over, a bad one refused, the stream goes on", async () => {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.write(lines);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  expect(await readThree(`tcp://127.0.0.1:${port}`)).toEqual({
    got: [1.5, 2.5, 3.5],
    refused: ["PAYLOAD_MALFORMED"],
  });
  server.close();
});

const socat = ["/usr/bin/socat", "/usr/local/bin/socat"].find((path) => existsSync(path));

test.skipIf(!socat)("lines over a real pseudo-terminal (skipped without socat)", async () => {
  const path = join(mkdtempSync(join(tmpdir(), "edgeloop-pty-")), "tty");
  const bridge = spawn(socat ?? "", [`PTY,link=${path},raw,echo=0`, "STDIO"]);
  await expect.poll(() => existsSync(path)).toBe(true);
  const reading = readThree(path);
  // The terminal keeps what is written before the port is open; the repeat covers a flush at opening.
  const writing = setInterval(() => bridge.stdin.write(lines), 50);
  expect((await reading).got).toEqual([1.5, 2.5, 3.5]);
  clearInterval(writing);
  bridge.kill();
  await once(bridge, "exit");
});

test("a device that is not there is an error that names it", async () => {
  await expect(readThree("/dev/edgeloop-none")).rejects.toMatchObject({
    code: "CHANNEL_OPEN_FAILED",
    message: expect.stringContaining("/dev/edgeloop-none"),
  });
});
