// The entry of the drift thread, reached as `#drift-worker`.
import { isMainThread } from "node:worker_threads";
import { serveWorker } from "@edgeloop/core/platform/node";
import { driftHost } from "../drift-host.ts";

if (!isMainThread) serveWorker(driftHost());
