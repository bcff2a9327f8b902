import type { Adapter, SensorInfo } from "@edgeloop/core/data";
import type { ByteChannel, Clock } from "@edgeloop/core/platform";
import { codeOf, messageOf } from "@edgeloop/core/platform";
import type { LinkCounters } from "./receiver.ts";
import { linkReceiver } from "./receiver.ts";
import { decodeSamples } from "./sample-payload.ts";

/** Bytes of a refused piece that go to the quarantine. */
const refusedBytesKept = 1024;

/** A microcontroller that streams samples over the framed link. */
export type FirmwareAdapter = Adapter & { readonly counters: () => LinkCounters };

/** How the microcontroller is reached. */
export type FirmwareOptions = {
  /** Opens the port; called once a stream. */
  readonly open: (signal: AbortSignal) => Promise<ByteChannel>;
  readonly clock: Clock;
};

/** Reads a sensor behind a microcontroller. */
export function firmwareAdapter(info: SensorInfo, options: FirmwareOptions): FirmwareAdapter {
  let counters: () => LinkCounters = () => linkReceiver(() => undefined).counters();
  return {
    info,
    counters: () => counters(),
    async *samples({ signal, refuse }) {
      if (signal.aborted) return;
      const refuseError = (error: unknown, payload: Uint8Array): void =>
        refuse({
          code: codeOf(error),
          message: messageOf(error),
          atUs: options.clock.nowUs(),
          payload: payload.slice(0, refusedBytesKept),
        });
      const receiver = linkReceiver(refuseError);
      counters = receiver.counters;
      const channel = await options.open(signal);
      const close = (): void => void channel.close();
      signal.addEventListener("abort", close, { once: true });
      try {
        for await (const chunk of channel.incoming) {
          for (const frame of receiver.push(chunk)) {
            try {
              yield decodeSamples(info, frame.payload);
            } catch (error) {
              refuseError(error, frame.payload);
            }
          }
        }
      } finally {
        signal.removeEventListener("abort", close);
        await channel.close();
      }
    },
  };
}
