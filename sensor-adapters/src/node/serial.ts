import type { Adapter, SensorInfo } from "@edgeloop/core/data";
import type { ByteChannel, Clock } from "@edgeloop/core/platform";
import { codeOf, lineDecoder, messageOf, utf8 } from "@edgeloop/core/platform";
import type { Decode } from "../decode/decoder.ts";

/** Longest line of a board, in bytes. */
export const lineBytesMax = 4096;

/** How a board on a serial line is read. */
export type SerialOptions = {
  /** Opens the port; called once a stream. */
  readonly open: (signal: AbortSignal) => Promise<ByteChannel>;
  /** Reads one line: CSV or JSON. */
  readonly decode: Decode;
  readonly clock: Clock;
};

/**
 * Reads a sensor that prints a line a reading over a serial port.
 *
 * The first line is passed over: the port is rarely opened at the start of one. Binary frames are the firmware bridge's.
 */
export function serialAdapter(info: SensorInfo, options: SerialOptions): Adapter {
  return {
    info,
    async *samples({ signal, refuse }) {
      if (signal.aborted) return;
      const channel = await options.open(signal);
      try {
        for await (const { payload, atUs } of readings(channel, options.clock)) {
          try {
            yield options.decode(payload, atUs);
          } catch (error) {
            refuse({ code: codeOf(error), message: messageOf(error), atUs, payload });
          }
        }
      } finally {
        await channel.close();
      }
    },
  };
}

/** The lines of a board but the first, each with the time at which its chunk came. */
async function* readings(
  channel: ByteChannel,
  clock: Clock,
): AsyncGenerator<{ readonly payload: Uint8Array; readonly atUs: number }> {
  const lines = lineDecoder(lineBytesMax);
  let isFirst = true;
  for await (const chunk of channel.incoming) {
    const atUs = clock.nowUs();
    for (const line of lines.push(chunk)) {
      if (!isFirst) yield { payload: utf8(line), atUs };
      isFirst = false;
    }
  }
}
