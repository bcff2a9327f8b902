import { spawn } from "node:child_process";
import { on, once } from "node:events";
import { existsSync } from "node:fs";
import type { AddressInfo, Socket } from "node:net";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import type { Refusal } from "@edgeloop/core/data";
import { virtualClock } from "@edgeloop/core/platform";
import { adapterContract } from "@edgeloop/core/testing";
import { expect, onTestFinished, test } from "vitest";
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

const script = ["/usr/bin/script", "/usr/local/bin/script"].find((path) => existsSync(path));

/** A pseudo-terminal of util-linux's `script`: what is written to its input, the terminal's path receives. */
async function pseudoTerminal(): Promise<{ path: string; write: (text: string) => void }> {
  const keepOpen = "tty; stty raw -echo; echo ready; exec sleep 600";
  const child = spawn(script ?? "", ["-qfc", keepOpen, "/dev/null"]);
  onTestFinished(() => void child.kill());
  const said = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const path = String((await said.next()).value).trim();
  // Raw before anything is written: otherwise the terminal holds bytes back until a line ends.
  await said.next();
  return { path, write: (text) => void child.stdin.write(text) };
}

test.skipIf(!script)("lines over a real pseudo-terminal (skipped without script)", async () => {
  const { path, write } = await pseudoTerminal();
  const reading = readThree(path);
  // The terminal keeps what is written before the port is open; the repeat covers a flush at opening.
  const writing = setInterval(() => write(lines), 50);
  expect((await reading).got).toEqual([1.5, 2.5, 3.5]);
  clearInterval(writing);
});

test.skipIf(!script)(
  "an otherwise idle process gets bytes when they come, not with the next",
  async () => {
    const { path, write } = await pseudoTerminal();
    // Each byte is written only after the one before was answered: a read that waits for another event waits for ever.
    // The timer is needed for that: with nothing left to wait for, Node ends the loop, runs microtasks and looks again.
    const reader = `
    import { writeSync } from "node:fs";
    import { openByteChannel } from ${JSON.stringify(new URL("byte-channel.ts", import.meta.url))};
    setInterval(() => undefined, 2 ** 31 - 1);
    const address = { path: process.argv[1], baudRate: 115200 };
    const channel = await openByteChannel(address, new AbortController().signal);
    writeSync(1, "open\\n");
    for await (const bytes of channel.incoming) writeSync(1, bytes.join() + "\\n");
  `;
    const flags = ["--conditions=@edgeloop/source", "--input-type=module", "--eval", reader, path];
    const child = spawn(process.execPath, flags, {
      env: { ...process.env, NODE_OPTIONS: "" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    expect((await answers.next()).value).toBe("open");
    for (const byte of Array.from({ length: 26 }, (_, index) => 65 + index)) {
      write(String.fromCharCode(byte));
      expect((await answers.next()).value).toBe(String(byte));
    }
  },
);

test("a device that is not there is an error that names it", async () => {
  await expect(readThree("/dev/edgeloop-none")).rejects.toMatchObject({
    code: "CHANNEL_OPEN_FAILED",
    message: expect.stringContaining("/dev/edgeloop-none"),
  });
});
