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
      const lines = lineDecoder(lineBytesMax);
      const channel = await options.open(signal);
      let first = true;
      try {
        for await (const chunk of channel.incoming) {
          const atUs = options.clock.nowUs();
          for (const line of lines.push(chunk)) {
            if (first) {
              first = false;
              continue;
            }
            const payload = utf8(line);
            try {
              yield options.decode(payload, atUs);
            } catch (error) {
              refuse({ code: codeOf(error), message: messageOf(error), atUs, payload });
            }
          }
        }
      } finally {
        await channel.close();
      }
    },
  };
}
