import type { Manifest } from "@edgeloop/core/bundle";
import { manifestBytes } from "@edgeloop/core/bundle";
import type { BlobStore, Name, VirtualClock } from "@edgeloop/core/platform";
import { parseName, parseSha256, sha256, utf8, virtualClock } from "@edgeloop/core/platform";
import type { CrashFileSystem } from "@edgeloop/core/testing";
import { crashFileSystem, memoryBlobStore } from "@edgeloop/core/testing";

import type { SigningKey } from "../keys.ts";
import { generateKey } from "../keys.ts";
import type { Updater } from "../node/ota-client.ts";
import { openUpdater } from "../node/ota-client.ts";
import type { Registry } from "../node/registry.ts";
import { openRegistry } from "../node/registry.ts";
import type { Line } from "../ota-line.ts";
import { lineOf } from "../ota-line.ts";
import type { OfflinePackage } from "../ota-offline.ts";
import { signOffline } from "../ota-offline.ts";
import type { RepositoryAnswer, RepositoryFetch } from "../ota-repository.ts";

/** When the plant of the tests starts, microseconds UTC. */
export const plantStartUs = 1_800_000_000_000_000;

/** A manifest with its bytes; its blobs are small texts. */
export type PlantBundle = { readonly manifest: Manifest; readonly bytes: Uint8Array<ArrayBuffer> };

/** A signed repository in memory, and what a test may do to the wire between it and a gateway. */
export type OtaPlant = {
  readonly offline: SigningKey;
  readonly online: SigningKey;
  readonly clock: VirtualClock;
  readonly registry: Registry;
  /** The last package that the offline key signed. */
  readonly signed: OfflinePackage;
  readonly first: PlantBundle;
  /** Builds a bundle; its blobs go to the registry. */
  bundle(changes?: Partial<Manifest>, weights?: string): Promise<PlantBundle>;
  /** Signs more with the offline key and imports it. */
  release(lines: readonly Line[], releases: readonly Uint8Array[]): Promise<OfflinePackage>;
  /** Reads from the registry as a gateway does; `wire` may answer instead. */
  fetch: RepositoryFetch;
  /** Requests made so far, by path. */
  readonly requests: string[];
  /** Stands between gateway and registry: returns other bytes, or nothing for 404. */
  tamper(wire: Wire | undefined): void;
  /** Opens a gateway's updater on a file system that loses power. */
  gateway(options?: GatewayOptions): Promise<PlantGateway>;
};

/** What a dishonest wire does to an answer. */
export type Wire = (
  path: string,
  honest: () => Promise<Uint8Array | undefined>,
) => Promise<Uint8Array | undefined>;

/** How a gateway starts. */
export type GatewayOptions = {
  readonly fileSystem?: CrashFileSystem;
  readonly blobs?: BlobStore;
  readonly clock?: VirtualClock;
  readonly trustedRoot?: Uint8Array;
};

/** A gateway's updater and what it stands on. */
export type PlantGateway = {
  readonly updater: Updater;
  readonly fileSystem: CrashFileSystem;
  readonly blobs: BlobStore;
};

/** Name of the plant's only line. */
export const plantLine: Name = parseName("pumps");

/** Yields bytes in small chunks, as a socket does. */
export async function* inChunks(bytes: Uint8Array, chunkBytes = 1000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    yield await Promise.resolve(bytes.subarray(at, at + chunkBytes));
  }
}

/** Builds a plant: keys, a registry, and version 1 of the line `pumps` signed offline. */
export async function otaPlant(
  rules: Partial<Pick<Line, "approve" | "parents">> = {},
): Promise<OtaPlant> {
  const [offline, online] = await Promise.all([generateKey(), generateKey()]);
  const clock = virtualClock(plantStartUs);
  const registry = await openRegistry({
    directory: "/registry",
    key: online,
    clock,
    fileSystem: crashFileSystem(),
  });
  const bundle = bundleMaker(registry.blobs);
  const first = await bundle();
  const line = lineOf(first.manifest, { parents: [], approve: "automatic", ...rules });
  let wire: Wire | undefined;
  const requests: string[] = [];
  const request = { key: offline, onlineKey: online };
  let signed = await signOffline({
    ...request,
    lines: [line],
    releases: [first.bytes],
    nowUs: clock.nowUs(),
  });
  await registry.importOffline(signed);
  const fetch: RepositoryFetch = async ({ path, fromByte }) => {
    requests.push(path);
    const honest = async (): Promise<Uint8Array | undefined> => wholeOf(await registry.read(path));
    const bytes = await (wire ? wire(path, honest) : honest());
    return bytes && { fromByte, content: inChunks(bytes.subarray(fromByte)) };
  };
  return {
    offline,
    online,
    clock,
    registry,
    first,
    bundle,
    fetch,
    requests,
    get signed() {
      return signed;
    },
    async release(lines, releases) {
      signed = await signOffline({
        ...request,
        previous: signed,
        lines,
        releases,
        nowUs: clock.nowUs(),
      });
      await registry.importOffline(signed);
      return signed;
    },
    tamper(next) {
      wire = next;
    },
    async gateway(options = {}) {
      const fileSystem = options.fileSystem ?? crashFileSystem();
      const blobs = options.blobs ?? memoryBlobStore();
      const updater = await openUpdater({
        directory: "/gateway",
        fetch,
        trustedRoot: options.trustedRoot ?? signed.root,
        blobs,
        clock: options.clock ?? clock,
        rng: () => 0,
        fileSystem,
      });
      return { updater, fileSystem, blobs };
    },
  };
}

function bundleMaker(
  blobs: BlobStore,
): (changes?: Partial<Manifest>, weights?: string) => Promise<PlantBundle> {
  const put = (text: string) => blobs.put(utf8(text));
  return async (changes = {}, weights = "first weights") => {
    const manifest: Manifest = {
      format: 1,
      line: plantLine,
      version: 1,
      parent: null,
      float: { graph: await put("float graph"), tensors: {}, small: await put(`float ${weights}`) },
      int8: { graph: await put("int8 graph"), tensors: {}, small: await put(`int8 ${weights}`) },
      classes: ["normal", "bearing"],
      pipeline: {
        window: { rateHz: 1000, lengthSamples: 200, hopSamples: 100 },
        channels: [{ name: "x", unit: "m/s2" }],
        features: [{ kind: "detrend" }],
      },
      golden: {
        windows: await put("windows"),
        expected: await put(`outputs of ${weights}`),
        count: 1,
        tolerance: { float: 1e-4, int8: 0.05 },
      },
      metrics: { macroF1: 0.97 },
      profile: await put("profile"),
      constraints: { bundleBytesMax: 262_144, latencyP99MsMax: 25 },
      lineage: {
        problem: parseSha256("0".repeat(64)),
        data: [],
        seed: 1,
        code: "0.1.0",
        rounds: [],
      },
      ...changes,
    };
    const bytes = manifestBytes(manifest);
    await blobs.put(bytes);
    return { manifest, bytes };
  };
}

/** Identity of a bundle of the plant. */
export const identityOf = (bundle: PlantBundle): ReturnType<typeof sha256> => sha256(bundle.bytes);

async function wholeOf(answer: RepositoryAnswer | undefined): Promise<Uint8Array | undefined> {
  if (!answer) return undefined;
  const chunks: number[] = [];
  for await (const chunk of answer.content) chunks.push(...chunk);
  return Uint8Array.from(chunks);
}
