import { openSession } from "../../core/src/runtime/node/open.ts";
import { openInWorker } from "../../core/src/runtime/node/open-in-worker.ts";
import type { Bench } from "./bench.ts";
import { interleaved, ratio } from "./bench.ts";
import { gatewayCnn, trivialModel, windows } from "./bench-models.ts";

const feeds = windows(1);

export const bench: Bench = {
  name: "worker",
  about: "a run in a worker thread against the same run in the calling thread, one window, wasm",
  async run() {
    const small = await openSession(trivialModel(), { backend: "wasm" });
    const smallThere = await openInWorker(trivialModel(), { backend: "wasm" });
    const here = await openSession(gatewayCnn(), { backend: "wasm" });
    const there = await openInWorker(gatewayCnn(), { backend: "wasm" });
    const times = await interleaved({
      small: () => small.run(feeds),
      smallThere: () => smallThere.run(feeds),
      here: () => here.run(feeds),
      there: () => there.run(feeds),
    });
    await smallThere.dispose();
    await there.dispose();
    return [
      {
        label: "hop: trivial graph, there and back",
        value: times.smallThere - times.small,
        unit: "us",
      },
      ratio("1-D CNN: in a worker over in the calling thread", times.there, times.here),
      { label: "1-D CNN: added by the hop", value: times.there - times.here, unit: "us" },
    ];
  },
};
