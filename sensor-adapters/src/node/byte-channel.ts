import { EventEmitter, once } from "node:events";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import type { ByteChannel } from "@edgeloop/core/platform";
import { EdgeloopError, messageOf } from "@edgeloop/core/platform";

/** Where bytes come from: a serial device, or `tcp://host:port` on this machine. */
export type ChannelAddress = { readonly path: string; readonly baudRate: number };

/**
 * Opens a serial device or a socket.
 *
 * @throws `SERIAL_UNAVAILABLE` when the optional package `serialport` is not installed, `CHANNEL_OPEN_FAILED` naming the
 * device and the reason.
 */
export async function openByteChannel(
  address: ChannelAddress,
  signal: AbortSignal,
): Promise<ByteChannel> {
  try {
    const stream = address.path.startsWith("tcp://")
      ? await openSocket(new URL(address.path))
      : await openSerial(address);
    return channelOf(stream, signal);
  } catch (error) {
    throw error instanceof EdgeloopError ? error : openFailed(address.path, error);
  }
}

const openFailed = (path: string, cause: unknown): EdgeloopError =>
  new EdgeloopError("CHANNEL_OPEN_FAILED", `${path} could not be opened: ${messageOf(cause)}`, {
    cause,
  });

async function openSocket(url: URL): Promise<Duplex> {
  const socket = connect(Number(url.port), url.hostname);
  await once(socket, "connect");
  return socket;
}

async function openSerial({ path, baudRate }: ChannelAddress): Promise<Duplex> {
  const { SerialPort } = await import("serialport").catch((cause: unknown) => {
    throw new EdgeloopError(
      "SERIAL_UNAVAILABLE",
      "serial ports need the package serialport: npm install serialport",
      { cause },
    );
  });
  const port = new SerialPort({ path, baudRate, autoOpen: false });
  await new Promise<void>((resolve, reject) => {
    port.open((error) => (error ? reject(error) : resolve()));
  });
  readAtOnce(port.port);
  return port;
}

/**
 * Lets a read go on in the turn of the event loop in which bytes came.
 *
 * The poller of @serialport/bindings-cpp 13 calls back with `Function::Call`, which runs no microtasks; where anything
 * else keeps the event loop alive, the read that awaits it goes on with that one's next event, up to a second later in a
 * gateway. An immediate ends the wait.
 */
function readAtOnce(binding: unknown): void {
  if (typeof binding !== "object" || binding === null || !("poller" in binding)) return;
  const { poller } = binding;
  if (poller instanceof EventEmitter) poller.on("readable", () => setImmediate(() => undefined));
}

function channelOf(stream: Duplex, signal: AbortSignal): ByteChannel {
  const close = (): void => void stream.destroy();
  if (signal.aborted) close();
  signal.addEventListener("abort", close, { once: true });
  stream.once("close", () => signal.removeEventListener("abort", close));
  return {
    incoming: chunksOf(stream),
    write: async (bytes) => {
      await new Promise<void>((resolve, reject) => {
        stream.write(bytes, (error) => (error ? reject(error) : resolve()));
      });
    },
    close: async () => {
      if (stream.closed) return;
      stream.destroy();
      await once(stream, "close");
    },
  };
}

/** Chunks until the other side is gone or the stream is destroyed; pulled, so the source is held back. */
async function* chunksOf(stream: Duplex): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of stream) yield chunk;
  } catch (error) {
    // Closing is how a reader stops, and an unplugged device is how a stream ends: neither is an error of the data.
    if (!stream.destroyed) throw error;
  }
}
