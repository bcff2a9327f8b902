import { expect, test } from "vitest";
import type { Notice } from "./fleet/coordinator-member.ts";
import { noticeListener } from "./notice-listener.ts";

test("every notice is passed on, in order; a line is for what is new and says something", () => {
  const [taken, hit, lines]: [unknown[], unknown[], string[]] = [[], [], []];
  let pokes = 0;
  const listen = noticeListener({
    rounds: { take: (one, atS) => taken.push([one, atS]) },
    accidents: { onNotice: (one) => hit.push(one) },
    stage: { atS: () => 7, event: (text) => lines.push(text) },
    poke: () => {
      pokes += 1;
    },
  });
  const notice = (stream: string, kind: string): Notice => ({ stream, kind, details: {} });
  const all = [
    notice("round/r1/1", "training"),
    notice("round/r1/1", "training"),
    notice("device/pump-1", "LABELS_ADDED"),
    notice("round/r1/1", "aggregating"),
    notice("round/r2/1", "training"),
  ];
  for (const one of all) listen(one);
  expect(taken).toEqual(all.map((one) => [one, 7]));
  expect(hit).toEqual(all);
  expect(pokes).toBe(all.length);
  expect(lines).toEqual(["round/r1/1 training", "round/r1/1 aggregating", "round/r2/1 training"]);
});
