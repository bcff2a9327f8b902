import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "@edgeloop/core/platform/node";
import { nativeAvailable, openInWorker } from "@edgeloop/core/runtime/node";
import type { TrainPorts } from "@edgeloop/models";
import { reportHtml } from "../report/report-html.ts";
import { serveReport } from "../report/report-server.ts";
import { emptyReport } from "../report/report-state.ts";
import type { CentralFigures } from "./fold.ts";
import { centralFigures, runFold } from "./fold.ts";
import { runLiveFold } from "./live-fold.ts";
import { livePage } from "./live-page.ts";
import { inParallel } from "./parallel.ts";
import type { FoldResult, RecordingsResult } from "./result.ts";
import { recordingsResult } from "./result.ts";
import { recordingsRows } from "./result-rows.ts";
import type { RecordingsSettings } from "./settings.ts";
import type { Study } from "./study.ts";
import { openStudy } from "./study.ts";

/** What a run says things with. */
export type RunPorts = {
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
};

/** How often the page is brought up to date. */
const refreshMs = 1000;

/**
 * Runs the loop on recordings: the first fold with real processes, the others without, and measures each on people whom
 * nothing was learned from.
 *
 * @throws what `openStudy` and `runLiveFold` throw.
 */
export async function runRecordings(
  settings: RecordingsSettings,
  { say, signal }: RunPorts,
): Promise<RecordingsResult> {
  const startMs = performance.now();
  const backend = await backendOf(settings);
  const open: TrainPorts["open"] = (graph) => openInWorker(graph, { backend, threads: 1 });
  const ports: TrainPorts = { open, clock: systemClock, signal };
  const report = await serveReport(emptyReport("edgeloop: recordings of people", []));
  say(`live report: ${report.url}`);
  const page = livePage(report, say);
  const refreshes = setInterval(page.refresh, refreshMs);
  try {
    page.phase("reading the recordings");
    const study = await openStudy(settings, ports);
    const [first] = study.folds;
    if (first === undefined) throw new RangeError("a study has folds");
    page.phase("what needs no processes: every fold but the first, and the first in one place");
    const { central, rest } = await withoutProcesses(study, ports, page.event);
    page.phase("fold 1, live: every gateway is a process of its own");
    const results: RecordingsResult[] = [];
    await runLiveFold(first, study.people, settings, {
      ...{ open, backend, signal, event: page.event, onOpen: page.watch, atS: page.atS },
      onResult: async (live) => {
        const { laboratory, federated, int8, macroF1, windows, people } = live;
        const figures = { laboratory, federated, int8, macroF1, windows, people };
        const fold: FoldResult = { ...central, ...figures, float: federated, live: true };
        const wallS = (performance.now() - startMs) / 1000;
        const result = recordingsResult([fold, ...rest], live, { backend, wallS });
        results.push(result);
        page.refresh();
        report.update({ results: recordingsRows(result) });
        page.phase("done");
        await writeFile(join(settings.directory, "report.html"), reportHtml(report.state()));
      },
    });
    const [result] = results;
    if (result === undefined) throw new RangeError("a live fold gives a result");
    return result;
  } finally {
    clearInterval(refreshes);
    await report.close();
  }
}

/** The live fold's central model, and every other fold whole; a few at a time. */
async function withoutProcesses(
  { folds }: Study,
  ports: TrainPorts,
  event: (text: string) => void,
): Promise<{ readonly central: CentralFigures; readonly rest: readonly FoldResult[] }> {
  const rest: FoldResult[] = [];
  const [central] = await inParallel(folds, async (fold, index): Promise<CentralFigures> => {
    if (index === 0) return await centralFigures(fold, ports);
    const figures = await runFold(fold, ports);
    const { central: inOnePlace, federated } = figures;
    event(`fold ${index + 1}: ${share(inOnePlace)} in one place, ${share(federated)} federated`);
    rest[index - 1] = { ...figures, float: federated, live: false };
    return figures;
  });
  if (central === undefined) throw new RangeError("a study has folds");
  return { central, rest };
}

const share = (value: number): string => `${(100 * value).toFixed(2)} %`;

async function backendOf({ backend }: RecordingsSettings): Promise<"native" | "wasm"> {
  if (backend !== "auto") return backend;
  return (await nativeAvailable()) ? "native" : "wasm";
}
