import { sessionContract } from "../../testing/session-contract.ts";
import { openInWorker } from "./open-in-worker.ts";

sessionContract("worker", (model) => openInWorker(model, { backend: "wasm" }));
