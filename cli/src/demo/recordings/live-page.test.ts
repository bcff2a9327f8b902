import { expect, test } from "vitest";
import { captureLedger } from "../capture/ledger.ts";
import { predictionBook } from "../plant/prediction-book.ts";
import { serveReport } from "../report/report-server.ts";
import { emptyReport } from "../report/report-state.ts";
import { roundBook } from "../round-book.ts";
import { livePage } from "./live-page.ts";

test("the page shows the share of right predictions of each gateway, and null before the first", async () => {
  const report = await serveReport(emptyReport("test", []));
  const said: string[] = [];
  const page = livePage(report, (line) => said.push(line));
  page.refresh();
  expect(report.state().accuracy).toEqual([]);
  const book = predictionBook(["a", "b"]);
  for (const [index, predicted] of [0, 1, 0, 0].entries()) {
    const entry = { gateway: "ann", endUs: index, truth: 0, predicted };
    book.add({ ...entry, model: "m", latencyMs: 0, queued: true, training: 0 });
  }
  page.watch({
    gateways: ["ann", "bob"],
    book,
    rounds: roundBook(),
    ledger: captureLedger(),
  });
  page.refresh();
  expect(report.state().accuracy).toMatchObject([{ fleet: 0.75, gateways: [0.75, null] }]);
  // What waited in a queue has no latency to show; a state that was not seen has no row.
  expect(report.state().latency).toEqual([]);
  const steady = { gateway: "bob", endUs: 9, truth: 0, predicted: 0, model: "m", queued: false };
  book.add({ ...steady, latencyMs: 7, training: 1 });
  page.refresh();
  expect(report.state().latency).toEqual([
    { name: "while some train", windows: 1, p50Ms: 7, p99Ms: 7 },
  ]);
  page.phase("learning");
  page.event("something");
  expect(report.state()).toMatchObject({ phase: "learning", events: [{ text: "something" }] });
  expect(said).toHaveLength(2);
  await report.close();
});
