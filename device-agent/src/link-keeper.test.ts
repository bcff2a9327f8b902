import { EdgeloopError, seededRng, silentLog, virtualClock } from "@edgeloop/core/platform";
import { expect, test } from "vitest";
import { linkRetryDelayMsMax } from "./limits.ts";
import { keepLink } from "./link-keeper.ts";

/** @param codes How the attempts fail, one after the other; the one after the last holds until the stop. */
function setUp(codes: readonly string[]) {
  const stop = new AbortController();
  const clock = virtualClock();
  const attemptsMs: number[] = [];
  const held = Promise.withResolvers<void>();
  const hold = async (): Promise<void> => {
    const code = codes[attemptsMs.length];
    attemptsMs.push(clock.monotonicMs());
    if (code !== undefined) throw new EdgeloopError(code, "told to fail");
    held.resolve();
    await clock.sleep(Number.MAX_SAFE_INTEGER, stop.signal).catch(() => undefined);
  };
  const kept = keepLink({ hold, clock, rng: seededRng(1), log: silentLog }, stop.signal);
  const pass = async (durationMs: number): Promise<void> => {
    await clock.advance(0);
    await clock.advance(durationMs);
  };
  return { attemptsMs, held: held.promise, kept, pass, stop };
}

test.for(["STORE_FULL", "COORDINATOR_UNREACHABLE", "OTA_UNREACHABLE", "UNKNOWN"])(
  "a link that failed with %s is opened again",
  async (code) => {
    const { attemptsMs, held, kept, pass, stop } = setUp([code, code, code]);
    await pass(3 * linkRetryDelayMsMax);
    await held;
    expect(attemptsMs).toHaveLength(4);
    stop.abort();
    await kept;
  },
);

test("attempts come ever more rarely, and never more than the longest pause apart", async () => {
  const { attemptsMs, kept, pass, stop } = setUp(Array<string>(40).fill("STORE_FULL"));
  await pass(100 * linkRetryDelayMsMax);
  const pausesMs = attemptsMs.slice(1).map((atMs, index) => atMs - (attemptsMs[index] ?? 0));
  expect(attemptsMs).toHaveLength(41);
  expect(Math.max(...pausesMs)).toBeLessThanOrEqual(linkRetryDelayMsMax);
  expect(Math.max(...pausesMs.slice(10))).toBeGreaterThan(Math.max(...pausesMs.slice(0, 3)));
  stop.abort();
  await kept;
});

test("a device that was revoked leaves for good", async () => {
  const { attemptsMs, kept, pass } = setUp(["STORE_FULL", "DEVICE_REVOKED"]);
  await pass(linkRetryDelayMsMax);
  await kept;
  expect(attemptsMs).toHaveLength(2);
});

test("a stop ends the pause between two attempts", async () => {
  const { attemptsMs, kept, stop } = setUp(["STORE_FULL", "STORE_FULL"]);
  stop.abort();
  await kept;
  expect(attemptsMs).toHaveLength(1);
});
