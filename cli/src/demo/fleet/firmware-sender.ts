import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import type { AddressInfo, Socket } from "node:net";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { EdgeloopError } from "@edgeloop/core/platform";
import { linkSender } from "@edgeloop/firmware-bridge";
import { accelerationStep, packetSamples } from "../plant/plant-stream.ts";
import type { Delivery } from "./delivery-book.ts";
import { deliveryBook } from "./delivery-book.ts";
import type { OutgoingPacket } from "./sensor-publisher.ts";

/** A sensor board on a serial line: sends frames whether or not a gateway listens. */
export type FirmwareSender = {
  /** What the gateway opens: a terminal or `tcp://127.0.0.1:port`. */
  readonly path: string;
  /** Which end of the link sends: the C99 library over a terminal, or its TypeScript twin over a socket. */
  readonly made: "c99" | "typescript";
  publish(packet: OutgoingPacket): void;
  delivery(startUs: number): Delivery | undefined;
  /** What became of the sending program, where it ended and nobody had closed it. */
  lost(): EdgeloopError | undefined;
  close(): Promise<void>;
};

const channels = 3;

/**
 * Starts the board: the C99 sender over a pseudo-terminal where a C compiler is found, else its TypeScript twin.
 *
 * @param directory Where the program is built.
 * @param isUp Tells whether the gateway is there: what is sent to nobody waits in the line or is lost.
 */
export async function firmwareSender(
  directory: string,
  session: number,
  isUp: () => boolean,
): Promise<FirmwareSender> {
  const program = buildSender(directory);
  const line = program ? await terminalLine(program, session) : await socketLine(session);
  const deliveries = deliveryBook();
  return {
    path: line.path,
    made: program ? "c99" : "typescript",
    publish(packet) {
      deliveries.sent(packet.startUs, !isUp());
      line.send(packet);
    },
    delivery: (startUs) => deliveries.of(startUs),
    lost: () =>
      line.isThere()
        ? undefined
        : new EdgeloopError("FIRMWARE_SENDER_FAILED", "the C sender of the last pump ended"),
    close: line.close,
  };
}

type Line = {
  readonly isThere: () => boolean;
  readonly path: string;
  readonly send: (packet: OutgoingPacket) => void;
  readonly close: () => Promise<void>;
};

/** Builds the C99 sender; undefined without a compiler or where serial ports cannot be opened. */
function buildSender(directory: string): string | undefined {
  const require = createRequire(import.meta.url);
  const compiler = ["cc", "gcc", "clang"].find(
    (name) => spawnSync(name, ["--version"]).status === 0,
  );
  if (!compiler || !canOpenSerial(require)) return undefined;
  const source = join(dirname(require.resolve("@edgeloop/firmware-bridge/package.json")), "c");
  const program = join(directory, "posix_sender");
  const files = ["posix_sender.c", "edgeloop_link.c"].map((name) => join(source, name));
  const built = spawnSync(compiler, ["-std=c99", "-O2", "-o", program, ...files]);
  return built.status === 0 ? program : undefined;
}

function canOpenSerial(require: NodeJS.Require): boolean {
  try {
    require.resolve("serialport");
    return true;
  } catch {
    return false;
  }
}

async function terminalLine(program: string, session: number): Promise<Line> {
  const args = [session, packetSamples, channels, accelerationStep].map(String);
  const child = spawn(program, [...args, "--pty"], { stdio: ["pipe", "pipe", "ignore"] });
  child.stdin.on("error", () => undefined);
  let isClosed = false;
  const first = createInterface(child.stdout)[Symbol.asyncIterator]().next();
  const path = (await Promise.race([first, once(child, "exit")])) as IteratorResult<string>;
  if (typeof path.value !== "string") {
    throw new EdgeloopError("FIRMWARE_SENDER_FAILED", "the C sender opened no pseudo-terminal");
  }
  return {
    path: path.value,
    isThere: () => isClosed || (child.exitCode === null && child.signalCode === null),
    send: (packet) => {
      // A line that nobody reads fills up; then packets are lost, as on any serial line.
      if (child.stdin.writableLength < 64 * 1024) child.stdin.write(packet.bytes);
    },
    close: async () => {
      isClosed = true;
      child.kill("SIGKILL");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    },
  };
}

async function socketLine(session: number): Promise<Line> {
  const sender = linkSender(session);
  const listeners = new Set<Socket>();
  const server = createServer((socket) => {
    listeners.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => listeners.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    path: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    isThere: () => true,
    send: ({ startUs, bytes }) => {
      const steps = new Int16Array(bytes.slice(8).buffer);
      const frame = sender.samples({ startUs, channels, scale: accelerationStep, steps });
      for (const listener of listeners) listener.write(frame);
    },
    close: async () => {
      for (const listener of listeners) listener.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
