import type { Counters, Installation, Installer, ReleaseRef } from "@edgeloop/cloud-sync";
import type { Manifest } from "@edgeloop/core/bundle";
import { loadGolden, readManifest } from "@edgeloop/core/bundle";
import type { BlobStore, Clock, Log, Sha256 } from "@edgeloop/core/platform";
import { codeOf, EdgeloopError, messageOf, parseName } from "@edgeloop/core/platform";
import type { Classifier } from "./classifier.ts";
import { checkHealth } from "./health-gate.ts";
import { confirmTimeoutMs } from "./limits.ts";
import type { Meter } from "./meter.ts";
import { failureOf } from "./model-slot.ts";
import { isPassing } from "./passing-failure.ts";
import type { Serving } from "./serving.ts";
import type { SlotKeeper } from "./slot-keeper.ts";

/** What an installer needs. */
export type InstallerOptions = {
  readonly line: string;
  /** Says whether any sensor of this gateway gives what a pipeline takes. */
  readonly serves: (manifest: Manifest) => boolean;
  readonly blobs: BlobStore;
  readonly open: (identity: Sha256) => Promise<Classifier>;
  readonly slots: SlotKeeper;
  readonly serving: Serving;
  readonly meter: Meter;
  readonly clock: Clock;
  readonly log: Log;
};

/** Refusals that are not the model's own doing: it may come again. */
const blameless: ReadonlySet<string> = new Set([
  "BLOB_MISSING",
  "MODEL_FAILED_BEFORE",
  "MODEL_REPLACED",
]);

/**
 * Installs releases whose blobs are verified and on disk: gate, durable switch, trial.
 *
 * The old model serves until the switch, and again when the trial fails. A model that failed is refused at sight. What
 * passes by itself, such as a full disk, is thrown: it is no refusal.
 */
export function createInstaller(options: InstallerOptions): Installer {
  const { line, serves, blobs, open, slots, serving, meter, clock, log } = options;

  const check = async (release: ReleaseRef): Promise<Manifest> => {
    const before = failureOf(slots.state(), release.manifestSha256);
    if (before !== undefined) {
      throw new EdgeloopError("MODEL_FAILED_BEFORE", `this model failed here with ${before}`);
    }
    const manifest = await readManifest(blobs, release.manifestSha256);
    if (release.line !== line || manifest.line !== line) {
      throw new EdgeloopError("MODEL_LINE_MISMATCH", `this gateway serves the line ${line}`);
    }
    if (!serves(manifest)) {
      throw new EdgeloopError(
        "MODEL_CHANNELS_MISMATCH",
        "no sensor of this gateway has the channels and units that the model takes",
      );
    }
    return manifest;
  };

  const passGate = async (identity: Sha256, manifest: Manifest): Promise<Gated> => {
    const classifier = await open(identity);
    try {
      const health = await checkHealth(classifier, await loadGolden(manifest, blobs), clock);
      if (health.kind === "unhealthy") throw new EdgeloopError(health.code, health.message);
      return { classifier, latencyMs: health.latencyMs };
    } catch (error) {
      await classifier.dispose();
      throw error;
    }
  };

  const install = async (release: ReleaseRef, signal: AbortSignal): Promise<Installation> => {
    const identity = release.manifestSha256;
    let latencyMs = 0;
    if (serving.current()?.identity !== identity) {
      const gated = await passGate(identity, await check(release));
      latencyMs = gated.latencyMs;
      try {
        await serving.activate(gated.classifier);
      } catch (error) {
        await gated.classifier.dispose();
        throw error;
      }
    }
    if (await rejected(identity, signal)) {
      const code = failureOf(slots.state(), identity) ?? "MODEL_REPLACED";
      throw new EdgeloopError(code, "the model failed its trial; the one before serves again");
    }
    meter.add("installs", ["ACTIVE"]);
    return { kind: "active", health: healthCounters(latencyMs) };
  };

  /** A gateway whose sensors are silent cannot confirm: after a while the trial goes on unobserved. */
  const rejected = async (identity: Sha256, signal: AbortSignal): Promise<boolean> => {
    const stop = new AbortController();
    const waited = clock
      .sleep(confirmTimeoutMs, AbortSignal.any([signal, stop.signal]))
      .then(() => true)
      .catch(() => true);
    const confirmed = await Promise.race([serving.verdict(identity), waited]);
    stop.abort();
    return !confirmed;
  };

  return {
    async install(release, signal) {
      try {
        return await install(release, signal);
      } catch (error) {
        const code = codeOf(error);
        const identity = release.manifestSha256;
        meter.add("installs", [code]);
        if (isPassing(error)) {
          log.warn("model-postponed", { manifest: identity, code, reason: messageOf(error) });
          throw error;
        }
        log.warn("model-refused", { manifest: identity, code, reason: messageOf(error) });
        await remember(identity, code);
        return { kind: "refused", code, message: messageOf(error) };
      }
    },
  };

  async function remember(identity: Sha256, code: string): Promise<void> {
    if (blameless.has(code)) return;
    if (slots.state().serving?.manifest === identity) return;
    await slots
      .apply({ kind: "fail", manifest: identity, code })
      .catch((error: unknown) => log.warn("slots-unwritten", { error }));
  }
}

type Gated = { readonly classifier: Classifier; readonly latencyMs: number };

const latencyCounter = parseName("latency-us");

const healthCounters = (latencyMs: number): Counters => ({
  [latencyCounter]: Math.round(latencyMs * 1000),
});
