/** One figure of a bench. Ratios are what to compare between machines; times are of this one. */
export type Figure = {
  readonly label: string;
  readonly value: number;
  readonly unit: "ratio" | "us" | "ms" | "s" | "per-second" | "count" | "percent" | "points";
  /** A promise of the project; missing it fails the run. */
  readonly atMost?: number;
  readonly atLeast?: number;
};

/** A measurement: what `*.bench.ts` files export under the name `bench`. */
export type Bench = {
  /** What `npm run bench -- NAME` picks it by. */
  readonly name: string;
  /** One line: what the figures say. */
  readonly about: string;
  /** Takes so long that it runs only when it is named. */
  readonly isLong?: true;
  /** Says what this machine lacks to run it, if anything. */
  missing?(): string | undefined;
  run(): Promise<readonly Figure[]>;
};

/** Picks benches whose name contains one of the words, in order of their names; without words, all but the long ones. */
export const chosen = (all: readonly Bench[], words: readonly string[]): readonly Bench[] =>
  all
    .filter(({ name, isLong }) =>
      words.length === 0 ? isLong !== true : words.some((word) => name.includes(word)),
    )
    .toSorted((a, b) => a.name.localeCompare(b.name));

/** Work to be compared; what it returns is thrown away. */
export type Contender = () => unknown;

/** How long interleaving goes on. */
export type InterleaveOptions = {
  readonly rounds?: number;
  /** A sample repeats its contender for about this long. */
  readonly sampleMs?: number;
  /** Which of the sorted samples counts, as a share: half of them are faster than the median, which is the default. */
  readonly quantile?: number;
};

/**
 * For differences of a microsecond: many short samples, of which the fast ones count.
 *
 * Work that shares the processor only ever adds, and a short sample often falls between two of its slices.
 */
export const fineGrained: InterleaveOptions = { rounds: 201, sampleMs: 1, quantile: 0.1 };

/**
 * Measures contenders in turns and gives each one's median time of a run (or another quantile), in microseconds.
 *
 * Taking turns spreads the machine's busy moments over all of them, and every other round goes backwards, so that none
 * always follows the same neighbour.
 */
export async function interleaved<Name extends string>(
  contenders: Readonly<Record<Name, Contender>>,
  { rounds = 15, sampleMs = 8, quantile = 0.5 }: InterleaveOptions = {},
): Promise<Readonly<Record<Name, number>>> {
  const names = Object.keys(contenders) as Name[];
  const repeats = new Map<Name, number>();
  for (const name of names) {
    await repeat(contenders[name], 3);
    const onceMs = (await repeat(contenders[name], 5)) / 5;
    repeats.set(name, Math.max(1, Math.round(sampleMs / Math.max(onceMs, 1e-4))));
  }
  const samples = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const times = repeats.get(name) ?? 1;
      samples.get(name)?.push(((await repeat(contenders[name], times)) / times) * 1000);
    }
  }
  return Object.fromEntries(
    names.map((name) => [name, quantileOf(samples.get(name) ?? [], quantile)]),
  ) as Record<Name, number>;
}

/** The middle value; the upper one of two. */
export const median = (values: readonly number[]): number => quantileOf(values, 0.5);

const quantileOf = (values: readonly number[], quantile: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * quantile)] ?? Number.NaN;

/** A figure that is one median over another. */
export const ratio = (
  label: string,
  over: number,
  under: number,
  bound: Pick<Figure, "atMost" | "atLeast"> = {},
): Figure => ({ label, value: over / under, unit: "ratio", ...bound });

async function repeat(work: Contender, times: number): Promise<number> {
  const startMs = performance.now();
  for (let time = 0; time < times; time += 1) await work();
  return performance.now() - startMs;
}
