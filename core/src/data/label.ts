import type { Window, WindowSpec } from "./window.ts";

/** What somebody or something says was true over a stretch of time. */
export type Label = {
  readonly startUs: number;
  readonly endUs: number;
  readonly label: string;
  readonly by: string;
};

/**
 * Chooses the label that covers most of a window.
 *
 * Stretches of one label count together, overlapping ones once; of labels that cover the same, the one that begins
 * earlier in the window wins. Time without a label counts against them all: a label that covers less of the window
 * than no label does is not its label.
 *
 * @param labels In any order.
 * @returns `undefined` when no label covers enough.
 */
export function labelFor(
  window: Pick<Window, "startUs">,
  spec: WindowSpec,
  labels: readonly Label[],
): string | undefined {
  const fromUs = window.startUs;
  const toUs = fromUs + Math.round((spec.lengthSamples * 1e6) / spec.rateHz);
  const within = labels
    .filter((label) => label.startUs < toUs && label.endUs > fromUs)
    .toSorted((a, b) => a.startUs - b.startUs || a.endUs - b.endUs);
  const covers = new Map<string, { us: number; untilUs: number; firstUs: number }>();
  let labelledUs = 0;
  let labelledUntilUs = fromUs;
  for (const { startUs, endUs, label } of within) {
    const startsUs = Math.max(startUs, fromUs);
    const endsUs = Math.min(endUs, toUs);
    const cover = covers.get(label) ?? { us: 0, untilUs: fromUs, firstUs: startsUs };
    cover.us += Math.max(0, endsUs - Math.max(startsUs, cover.untilUs));
    cover.untilUs = Math.max(cover.untilUs, endsUs);
    covers.set(label, cover);
    labelledUs += Math.max(0, endsUs - Math.max(startsUs, labelledUntilUs));
    labelledUntilUs = Math.max(labelledUntilUs, endsUs);
  }
  const [best] = [...covers].toSorted(([, a], [, b]) => b.us - a.us || a.firstUs - b.firstUs);
  if (!best || best[1].us < toUs - fromUs - labelledUs) return undefined;
  return best[0];
}

/**
 * Chooses the most frequent of per-sample labels; of equally frequent ones the one seen first.
 *
 * @example
 * majorityLabel(["WALKING", "SEATED", "SEATED", "WALKING"]); // => "WALKING"
 */
export function majorityLabel(labels: Iterable<string>): string | undefined {
  const counts = new Map<string, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  // A Map keeps the order of first sight, and only a greater count replaces the one before.
  let best: string | undefined;
  let most = 0;
  for (const [label, count] of counts) {
    if (count <= most) continue;
    best = label;
    most = count;
  }
  return best;
}
