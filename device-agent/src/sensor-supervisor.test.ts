import { EdgeloopError, silentLog, virtualClock } from "@edgeloop/core/platform";
import { expect, test } from "vitest";
import { sensorRestartDelayMs } from "./limits.ts";
import { superviseSensor } from "./sensor-supervisor.ts";

function setUp(run: (turn: number, signal: AbortSignal) => Promise<void>) {
  const clock = virtualClock();
  const raised: string[] = [];
  const stop = new AbortController();
  let turns = 0;
  const supervised = superviseSensor(
    {
      sensor: "s",
      run: (signal) => {
        turns += 1;
        return run(turns, signal);
      },
    },
    { events: { raise: ({ code }) => raised.push(code) }, clock, log: silentLog },
    stop.signal,
  );
  return { clock, raised, stop, supervised, turns: () => turns };
}

test("a sensor that fails is reported and started again", async () => {
  const failure = new EdgeloopError("PORT_LOST", "unplugged");
  const { clock, raised, supervised, turns } = setUp((turn) =>
    turn < 3 ? Promise.reject(failure) : Promise.resolve(),
  );
  await clock.advance(0);
  expect(supervised.state()).toBe("running");
  await clock.advance(sensorRestartDelayMs);
  await clock.advance(sensorRestartDelayMs);
  await supervised.done;
  expect([turns(), raised.length, supervised.state()]).toEqual([3, 2, "ended"]);
});

test("a stop ends the waiting too", async () => {
  const { stop, supervised, turns } = setUp(() => Promise.reject(new Error("no")));
  await Promise.resolve();
  stop.abort();
  await supervised.done;
  expect(turns()).toBe(1);
});
