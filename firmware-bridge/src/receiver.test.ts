import { concatBytes } from "@edgeloop/core/platform";
import fc from "fast-check";
import { expect, test } from "vitest";
import { linkReceiver } from "./receiver.ts";
import { linkSender } from "./sender.ts";

const packet = { startUs: 0, channels: 1, scale: 1, steps: Int16Array.of(1, 0, -1) };
const framesOf = (session: number, count: number): Uint8Array[] => {
  const sender = linkSender(session);
  return Array.from({ length: count }, () => sender.samples(packet));
};

test("the number of lost frames is exact for any set of losses that a later frame reveals", () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 40 }), (arrives) => {
      const sent = framesOf(9, arrives.length + 2);
      const receiver = linkReceiver(() => undefined);
      const kept = sent.filter((_, at) => at === 0 || at === sent.length - 1 || arrives[at - 1]);
      receiver.push(concatBytes(kept));
      expect(receiver.counters()).toMatchObject({
        frames: kept.length,
        lost: sent.length - kept.length,
      });
    }),
  );
});

test("chunk boundaries make no difference", () => {
  const stream = concatBytes(framesOf(3, 12));
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (sizes) => {
      const receiver = linkReceiver(() => expect.unreachable());
      let at = 0;
      for (let turn = 0; at < stream.length; turn += 1) {
        const size = sizes[turn % sizes.length]!;
        receiver.push(stream.subarray(at, at + size));
        at += size;
      }
      expect(receiver.counters()).toMatchObject({ frames: 12, lost: 0, damaged: 0 });
    }),
  );
});

test("noise between frames is damage, never a crash, and the link goes on", () => {
  const sent = framesOf(4, 3);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
      const receiver = linkReceiver(() => undefined);
      const end = Uint8Array.of(0);
      receiver.push(concatBytes([sent[0]!, noise, end, sent[1]!, sent[2]!]));
      expect(receiver.counters()).toMatchObject({ frames: 3, lost: 0 });
    }),
  );
});

test("a frame that comes twice is passed over; a new session starts a new count", () => {
  const receiver = linkReceiver(() => expect.unreachable());
  const [a, b] = framesOf(1, 2) as [Uint8Array, Uint8Array];
  expect(receiver.push(concatBytes([a, b, a]))).toHaveLength(2);
  const restarted = framesOf(2, 4);
  expect(receiver.push(concatBytes(restarted.slice(2)))).toHaveLength(2);
  expect(receiver.counters()).toEqual({ frames: 4, lost: 2, repeated: 1, damaged: 0, restarts: 1 });
});
