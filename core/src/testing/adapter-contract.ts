import { describe, expect, onTestFinished, test } from "vitest";
import type { Adapter, AdapterRun, Refusal } from "../data/adapter.ts";
import type { Samples } from "../data/samples.ts";

/** An adapter and what makes its source speak. */
export type AdapterUnderTest = {
  readonly adapter: Adapter;
  /** Absent for a source that speaks by itself. */
  readonly source?: AdapterSource;
  close?(): Promise<void>;
};

/** A source that says what the test asks for. */
export type AdapterSource = {
  /** Resolves once the adapter listens; called once a stream. */
  listening(): Promise<void>;
  /** Sends a payload of at least one sample; later ones are later in sensor time. */
  good(): Promise<void>;
  /** Sends a payload that cannot be read. */
  bad(): Promise<void>;
};

/**
 * Holds an adapter to the port; called once for each. `open` gives a fresh source of at least three packets; a source
 * that is asked says as many as it is asked for.
 */
export function adapterContract(name: string, open: () => Promise<AdapterUnderTest>): void {
  const opened = async (): Promise<AdapterUnderTest> => {
    const subject = await open();
    if (subject.close) onTestFinished(subject.close);
    return subject;
  };
  describe(name, () => {
    test("packets are whole rows of the channels that are declared, in finite numbers", async () => {
      const subject = await opened();
      const { info } = subject.adapter;
      for (const packet of (await read(subject, { packets: 3 })).got) {
        const rows = packet.data.length / info.channels.length;
        expect(packet.sensor).toBe(info.sensor);
        expect(rows).toBe(Math.round(rows));
        expect(rows).toBeGreaterThan(0);
        expect(packet.data.every(Number.isFinite)).toBe(true);
        if (packet.timesUs) expect(packet.timesUs).toHaveLength(rows);
        else expect(packet.periodUs).toBeGreaterThan(0);
      }
    });

    test("times are integer microseconds that never go back", async () => {
      const subject = await opened();
      const { got } = await read(subject, { packets: 3 });
      const times = got.flatMap((packet) => timesOf(packet, subject.adapter));
      expect(got.map(({ startUs }) => Number.isSafeInteger(startUs))).toEqual([true, true, true]);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
    });

    test("an abort ends the stream without an error", async () => {
      const subject = await opened();
      expect((await read(subject, { packets: 1, leave: "abort" })).got.length).toBeGreaterThan(0);
    });

    test("a stream that is aborted before it starts gives nothing", async () => {
      const { adapter } = await opened();
      const run = { signal: AbortSignal.abort(), refuse: () => undefined };
      expect(await Array.fromAsync(adapter.samples(run))).toEqual([]);
    });

    test("a second stream works once the first was left", async () => {
      const subject = await opened();
      expect((await read(subject, { packets: 1 })).got).toHaveLength(1);
      expect((await read(subject, { packets: 2 })).got).toHaveLength(2);
    });

    test("a payload that cannot be read is refused with a code, and the stream goes on", async ({
      skip,
    }) => {
      const subject = await opened();
      skip(!subject.source, "this source has no payloads");
      const { got, refused } = await read(subject, { packets: 2, badFirst: true });
      expect(got).toHaveLength(2);
      expect(refused).toHaveLength(1);
      expect(refused[0]?.code).toMatch(/^[A-Z][A-Z0-9_]+$/);
      expect(refused[0]?.message).not.toBe("");
      expect(refused[0]?.payload?.length).toBeGreaterThan(0);
    });
  });
}

type Reading = { readonly got: readonly Samples[]; readonly refused: readonly Refusal[] };

/** Reads some packets, asking the source for each, and leaves the stream: by walking away, or by its signal. */
async function read(
  { adapter, source }: AdapterUnderTest,
  options: {
    readonly packets: number;
    readonly badFirst?: boolean;
    readonly leave?: "break" | "abort";
  },
): Promise<Reading> {
  const stop = new AbortController();
  const got: Samples[] = [];
  const refused: Refusal[] = [];
  const run: AdapterRun = { signal: stop.signal, refuse: (refusal) => refused.push(refusal) };
  const reading = (async () => {
    for await (const samples of adapter.samples(run)) {
      got.push(samples);
      if (got.length < options.packets) continue;
      if (options.leave !== "abort") break;
      stop.abort();
    }
  })();
  const speaking = (async () => {
    await source?.listening();
    if (options.badFirst) await source?.bad();
    for (let packet = 0; packet < options.packets; packet += 1) await source?.good();
  })();
  await Promise.all([reading, speaking]);
  return { got, refused };
}

const timesOf = ({ startUs, periodUs, timesUs, data }: Samples, { info }: Adapter): number[] =>
  timesUs
    ? [...timesUs]
    : Array.from(
        { length: data.length / info.channels.length },
        (_, row) => startUs + row * periodUs,
      );
