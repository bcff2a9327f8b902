import type { Refusal } from "@edgeloop/core/data";
import { virtualClock } from "@edgeloop/core/platform";
import { adapterContract } from "@edgeloop/core/testing";
import { expect, test } from "vitest";
import { firmwareAdapter } from "./firmware-adapter.ts";
import { linkSender } from "./sender.ts";

const info = { sensor: "s", rateHz: 1000, channels: [{ name: "x", unit: "g" }] };

adapterContract("firmware link", () => {
  const sender = linkSender(1);
  let board = Promise.withResolvers<WritableStreamDefaultWriter<Uint8Array>>();
  let packets = 0;
  const send = async (channels: number): Promise<void> => {
    packets += 1;
    const steps = new Int16Array(channels).fill(3);
    const frame = sender.samples({ startUs: packets * 1000, channels, scale: 1, steps });
    await (await board.promise).write(frame);
  };
  return Promise.resolve({
    adapter: firmwareAdapter(info, {
      clock: virtualClock(),
      open: () => {
        const wire = new TransformStream<Uint8Array, Uint8Array>(undefined, undefined, {
          highWaterMark: 8,
        });
        const writer = wire.writable.getWriter();
        board.resolve(writer);
        return Promise.resolve({
          incoming: wire.readable,
          write: () => Promise.resolve(),
          close: async () => {
            board = Promise.withResolvers();
            await writer.close().catch(() => undefined);
          },
        });
      },
    }),
    source: {
      listening: async () => void (await board.promise),
      good: () => send(1),
      bad: () => send(2),
    },
  });
});

test("samples flow, damage is refused with a code, and a wrong channel count does not end the stream", async () => {
  const sender = linkSender(1);
  const packet = (channels: number) =>
    sender.samples({ startUs: 0, channels, scale: 1, steps: new Int16Array(channels).fill(3) });
  const chunks = [packet(1), Uint8Array.of(5, 5, 0), packet(2), packet(1)];
  let closed = 0;
  const adapter = firmwareAdapter(info, {
    clock: virtualClock(7),
    open: () =>
      Promise.resolve({
        incoming: (async function* () {
          for (const chunk of chunks) yield await Promise.resolve(chunk);
        })(),
        write: () => Promise.resolve(),
        close: () => {
          closed += 1;
          return Promise.resolve();
        },
      }),
  });
  const refused: Refusal[] = [];
  const got: number[] = [];
  const { signal } = new AbortController();
  for await (const samples of adapter.samples({ signal, refuse: (one) => refused.push(one) })) {
    got.push(...samples.data);
  }
  expect(got).toEqual([3, 3]);
  expect(refused.map((one) => one.code)).toEqual(["PAYLOAD_CHANNELS"]);
  expect(adapter.counters()).toMatchObject({ frames: 3, damaged: 1, lost: 0 });
  expect(closed).toBe(1);
});
