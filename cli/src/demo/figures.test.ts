import { expect, test } from "vitest";
import { figuresOf } from "./figures.ts";
import type { Entry } from "./plant/prediction-book.ts";
import { predictionBook } from "./plant/prediction-book.ts";

const phases = {
  windowUs: 200,
  changeUs: 1000,
  recoveredUs: 2000,
  released: "old",
  recovered: "new",
};

type Row = Partial<Entry> & Pick<Entry, "endUs" | "model">;
const figures = (...rows: readonly Row[]) => {
  const book = predictionBook(["a", "b"]);
  for (const row of rows) {
    const entry = { gateway: "g1", truth: 0, predicted: 0, latencyMs: 1, queued: false };
    book.add({ ...entry, training: 0, ...row });
  }
  return figuresOf(book, phases, ["g1", "g2"]);
};

test.for<[string, Row, readonly number[]]>([
  ["the last window before the change", { endUs: 1000, model: "old" }, [1, 0, 0]],
  ["a window over the change", { endUs: 1001, model: "old" }, [0, 0, 0]],
  ["the last of those", { endUs: 1199, model: "old" }, [0, 0, 0]],
  ["the first window after the change", { endUs: 1200, model: "old" }, [0, 1, 0]],
  ["the old model, still served late", { endUs: 5000, model: "old" }, [0, 1, 0]],
  ["the new model before all serve it", { endUs: 2199, model: "new" }, [0, 0, 0]],
  ["the new model once all serve it", { endUs: 2200, model: "new" }, [0, 0, 1]],
  ["a model between the two", { endUs: 2200, model: "other" }, [0, 0, 0]],
])("%s counts in its phase alone", ([, row, counts]) => {
  const { released, changed, recoveredPhase } = figures(row);
  expect([released, changed, recoveredPhase].map(({ windows }) => windows)).toEqual(counts);
});

test("the fleet's score is over all windows, a gateway's over its own", () => {
  const { released } = figures(
    { endUs: 300, model: "old" },
    { endUs: 400, model: "old", predicted: 1 },
    { endUs: 500, model: "old" },
    { endUs: 300, model: "old", gateway: "g2", truth: 1, predicted: 1 },
  );
  expect(released).toMatchObject({ windows: 4, accuracy: 0.75 });
  expect(released.gateways["g1"]).toMatchObject({ windows: 3, accuracy: 2 / 3 });
  expect(released.gateways["g2"]).toMatchObject({ windows: 1, accuracy: 1 });
});

test("latency is told apart by how many gateways trained; what waited is counted, not timed", () => {
  const { latency } = figures(
    { endUs: 300, model: "old", latencyMs: 3 },
    { endUs: 400, model: "old", latencyMs: 5, training: 1 },
    { endUs: 500, model: "old", latencyMs: 9, training: 2 },
    { endUs: 600, model: "old", latencyMs: 800, queued: true },
  );
  expect(latency).toEqual({
    idle: { windows: 1, p50: 3, p99: 3 },
    training: { windows: 2, p50: 5, p99: 9 },
    allTraining: { windows: 1, p50: 9, p99: 9 },
    queued: 1,
  });
});
