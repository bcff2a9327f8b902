import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseProblem } from "@edgeloop/models";
import { expect, test } from "vitest";
import { temporary } from "../../testing.ts";
import { captureLedger } from "../capture/ledger.ts";
import { predictionBook } from "../plant/prediction-book.ts";
import type { Plant } from "../setup.ts";
import { openStations } from "./live-stations.ts";
import { writeProblem } from "./testing.ts";

test("a gateway that gets no token does not start, and the failure is the coordinator's own", async () => {
  const directory = temporary();
  mkdirSync(join(directory, "tokens"));
  const problem = parseProblem(readFileSync(await writeProblem(directory), "utf8"), "test");
  const asked: string[] = [];
  const opened: (() => Promise<void>)[] = [];
  const opening = openStations({
    plant: { directory, ports: { http: 1, mqtt: 1, admin: 1 } } as Plant,
    coordinator: {
      ask: (path) => {
        asked.push(path);
        return Promise.reject(new Error("no token today"));
      },
    },
    ...{ names: ["ann"], problem, backend: "wasm", by: "somebody" },
    book: predictionBook(problem.classes),
    ledger: captureLedger(),
    signal: new AbortController().signal,
    onOpen: (close) => opened.push(close),
    onProcess: () => asked.push("a process"),
  });
  await expect(opening).rejects.toThrow("no token today");
  expect(asked).toEqual(["tokens"]);
  // All there is to end is the watch over who trains.
  expect(opened).toHaveLength(1);
  await opened[0]?.();
});
