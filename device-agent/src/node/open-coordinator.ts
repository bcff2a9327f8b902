import { join } from "node:path";
import type { Installer } from "@edgeloop/cloud-sync";
import { httpRepository, mintJwt } from "@edgeloop/cloud-sync";
import type { SyncClient, Updater } from "@edgeloop/cloud-sync/node";
import { openSyncClient, openUpdater } from "@edgeloop/cloud-sync/node";
import type { Clock, Log, Name } from "@edgeloop/core/platform";
import { codeOf, EdgeloopError, isName, messageOf, parseName } from "@edgeloop/core/platform";
import type { CoordinatorConfig } from "../config.ts";
import type { CoordinatorLink, LinkParts } from "../coordinator-link.ts";
import type { GatewayEvent } from "../events.ts";
import { enrolmentRetryDelayMs, fullRetryIntervalMs, reportsWaitingMax } from "../limits.ts";
import { keepLink } from "../link-keeper.ts";
import { isDiskFull, isPassing } from "../passing-failure.ts";
import type { Identity } from "./enrolment.ts";
import { openIdentity } from "./enrolment.ts";

/** What the way to the coordinator needs. */
export type CoordinatorOptions = LinkParts & {
  readonly id: string;
  readonly fleet: string;
  readonly coordinator: CoordinatorConfig;
  readonly directory: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly fetch?: typeof globalThis.fetch;
};

type Report = GatewayEvent & { readonly sensorUs: number };

/**
 * Opens the way to the coordinator: enrols when that has not happened yet, then works for it.
 *
 * A gateway serves its sensors whether or not anybody answers; enrolment is tried again until it succeeds.
 */
export function openCoordinator(options: CoordinatorOptions): CoordinatorLink {
  const { clock, log } = options;
  const [device, fleet] = [parseName(options.id), parseName(options.fleet)];
  let client: SyncClient | undefined;
  let waiting: Report[] = [];

  const enrolled = async (signal: AbortSignal): Promise<Identity | undefined> => {
    const fetch = options.fetch ?? globalThis.fetch;
    while (!signal.aborted) {
      try {
        return await openIdentity({ ...options, device, fleet, fetch });
      } catch (error) {
        log.warn("enrolment-failed", { code: codeOf(error), reason: messageOf(error) });
        await clock.sleep(enrolmentRetryDelayMs, signal).catch(() => undefined);
      }
    }
    return undefined;
  };

  return {
    state: () => (client?.connected() === true ? "connected" : "disconnected"),
    wake: () => client?.wake(),
    async report(event) {
      if (client === undefined) waiting = [...waiting, event].slice(-reportsWaitingMax);
      else await client.report(plain(event));
    },
    async run(signal) {
      const identity = await enrolled(signal);
      if (identity === undefined) return;
      const hold = async (): Promise<void> => {
        client ??= await openClient(options, { ...identity, device, fleet });
        // One at a time: after a failure, what is on disk already is not reported again.
        for (let [event] = waiting; event !== undefined; [event] = waiting) {
          await client.report(plain(event));
          waiting = waiting.slice(1);
        }
        await client.run(signal);
      };
      await keepLink({ hold, clock, log, rng: Math.random }, signal);
    },
  };
}

type Member = Identity & { readonly device: Name; readonly fleet: Name };

async function openClient(options: CoordinatorOptions, member: Member): Promise<SyncClient> {
  const { coordinator, directory, blobs, clock, log, store, participant } = options;
  const { key, device, fleet, root } = member;
  const fetch = options.fetch ?? globalThis.fetch;
  const audience = `edgeloop/${fleet}`;
  const updater = await openUpdater({
    directory: join(directory, "updates"),
    fetch: httpRepository({
      url: new URL("/v1/repository", coordinator.url).href,
      fetch,
      authorization: async () => `Bearer ${await mintJwt({ key, device, audience, clock })}`,
    }),
    trustedRoot: root,
    blobs,
    clock,
    rng: Math.random,
    log,
  });
  return await openSyncClient({
    ...coordinator,
    fleet,
    device,
    key,
    coordinatorKey: member.coordinatorKey,
    store,
    blobs,
    participant,
    installer: fetchingInstaller(options, updater),
    clock,
    rng: Math.random,
    log,
    fetch,
  });
}

/**
 * Fetches and verifies a release before it is installed; what updates refuse is refused with their code.
 *
 * @throws `OTA_UNREACHABLE`, `BLOB_FULL` and other failures that say nothing about the release; whoever asked asks again.
 */
export function fetchingInstaller(
  {
    installer,
    servingVersion,
    clock,
  }: Pick<CoordinatorOptions, "installer" | "servingVersion" | "clock">,
  updater: Pick<Updater, "fetchBundle">,
): Installer {
  const fetchAndInstall: Installer = {
    async install(release, signal) {
      try {
        const versionMin = servingVersion() ?? 1;
        const bundle = await updater.fetchBundle(release.target, { versionMin, signal });
        if (bundle.sha256 !== release.manifestSha256) {
          throw new EdgeloopError(
            "BUNDLE_MISMATCH",
            "the rollout names another bundle than its target",
          );
        }
      } catch (error) {
        if (signal.aborted || isPassing(error)) throw error;
        return { kind: "refused", code: codeOf(error), message: messageOf(error) };
      }
      return await installer.install(release, signal);
    },
  };
  return {
    async install(release, signal) {
      try {
        return await fetchAndInstall.install(release, signal);
      } catch (error) {
        // Whoever asks again does so within seconds: a download that fills the disk again each time wears it out.
        if (isDiskFull(error)) {
          await clock.sleep(fullRetryIntervalMs, signal).catch(() => undefined);
        }
        throw error;
      }
    },
  };
}

const plain = ({ code, sensorUs, counters = {} }: Report): Parameters<SyncClient["report"]>[0] => ({
  code,
  sensorUs,
  counters: Object.fromEntries(Object.entries(counters).filter(([name]) => isName(name))),
});
