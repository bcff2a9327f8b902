import type { Manifest } from "@edgeloop/core/bundle";
import {
  buildBundle,
  encodeGoldenExpected,
  loadGolden,
  loadGraph,
  readManifest,
} from "@edgeloop/core/bundle";
import type { Graph, TensorOf } from "@edgeloop/core/graph";
import type { BlobStore, Name } from "@edgeloop/core/platform";
import { EdgeloopError } from "@edgeloop/core/platform";
import type { RangeMethod } from "@edgeloop/core/quantize";
import { rangesOf } from "@edgeloop/core/quantize";
import type { SessionOptions } from "@edgeloop/core/runtime";
import { openSession } from "@edgeloop/core/runtime";
import { readTensors } from "../aggregate.ts";
import type { CampaignRelease } from "../campaign-events.ts";
import type { LineModelSettings, ReleasedBundle } from "../line-models.ts";
import {
  blueprintOf,
  floatCandidate,
  int8Candidate,
  loadModel,
  observedCandidate,
} from "../line-models.ts";
import type { PublishedCandidate, RoundModels } from "../round-models.ts";
import type { Registry } from "./registry.ts";

type RegistryRelease = ReturnType<Registry["releases"]>[number];

/** What making releases from rounds needs. */
export type RegistryModelsOptions = {
  readonly registry: Registry;
  /** Where devices fetch graphs and parameters of rounds. */
  readonly blobs: BlobStore;
  readonly settings: LineModelSettings;
  readonly ranges: RangeMethod;
  /** Runs the golden windows. */
  readonly session: SessionOptions;
  /** Version of this code, for the lineage. */
  readonly code: string;
};

/** Builds what rounds run from the registry's releases, and publishes what comes out of them. */
export function registryModels(options: RegistryModelsOptions): RoundModels {
  const { registry, blobs, settings } = options;
  return {
    async blueprint(line) {
      await refuseOffline(registry, line);
      return await blueprintOf(await newest(registry, line), settings, blobs);
    },
    async observe(blueprint, parameters) {
      const graph = await floatCandidate(blueprint, parameters, blobs);
      return await observedCandidate(graph, settings, blobs);
    },
    async quantize(blueprint, parameters, histograms) {
      const graph = await floatCandidate(blueprint, parameters, blobs);
      const ranges = rangesOf(histograms, options.ranges);
      return await int8Candidate(graph, ranges, { settings, parent: blueprint.parentInt8, blobs });
    },
    publish: (candidate) => publish(options, candidate),
    releases: (line) =>
      Promise.resolve(
        registry
          .releases(line)
          .map(({ version, target, manifestSha256 }) => ({ version, target, manifestSha256 })),
      ),
  };
}

/** Devices would train for a release that no gateway may take. */
async function refuseOffline(registry: Registry, line: Name): Promise<void> {
  if ((await registry.line(line)).approve === "automatic") return;
  throw new EdgeloopError(
    "LINE_APPROVAL_REQUIRED",
    `the line ${line} asks for the offline key on every release, which rounds do not have: sign it with --approve automatic`,
    { details: { line } },
  );
}

async function newest(registry: Registry, line: Name): Promise<ReleasedBundle> {
  const release = registry.releases(line).at(-1);
  if (release === undefined) {
    throw new EdgeloopError("LINE_UNKNOWN", `no release of the line ${line}; release one first`, {
      details: { line },
    });
  }
  return await read(registry, release);
}

async function read(
  { blobs }: Registry,
  { manifestSha256 }: RegistryRelease,
): Promise<ReleasedBundle> {
  const manifest = await readManifest(blobs, manifestSha256);
  return { manifest, identity: manifestSha256, blobs };
}

/** The same candidate twice is one release: it is known by its last round. */
async function publish(
  options: RegistryModelsOptions,
  candidate: PublishedCandidate,
): Promise<CampaignRelease> {
  const { registry, blobs, code } = options;
  const { manifest: last, identity } = await newest(registry, candidate.line);
  const lastRelease = registry.releases(candidate.line).at(-1);
  const round = candidate.rounds.at(-1);
  if (lastRelease !== undefined && last.parent === candidate.parent) {
    if (round !== undefined && last.lineage.rounds.at(-1) === round) {
      return { ...versionOf(lastRelease), manifestSha256: identity };
    }
  }
  const parent = await readManifest(registry.blobs, candidate.parent);
  const graph = await floatOf(parent, options, candidate);
  const int8 = await loadModel(candidate.int8, blobs);
  const golden = await loadGolden(parent, registry.blobs);
  const expected = encodeGoldenExpected({
    float: await outputsOf(graph, golden.windows, options.session),
    int8: await outputsOf(int8, golden.windows, options.session),
  });
  const { format: _, ...fields } = parent;
  const { macroF1 = 0, accuracy = 0, windows = 0 } = candidate.figures.candidate ?? {};
  const built = await buildBundle(
    {
      ...fields,
      version: last.version + 1,
      parent: candidate.parent,
      float: graph,
      int8,
      golden: { ...parent.golden, expected },
      metrics: { macroF1, accuracy, windows },
      lineage: {
        ...parent.lineage,
        seed: candidate.seed,
        code,
        rounds: [...parent.lineage.rounds, ...candidate.rounds],
      },
    },
    registry.blobs,
  );
  return versionOf(await registry.publishRound(built.manifestBytes));
}

const versionOf = ({ version, target, manifestSha256 }: RegistryRelease): CampaignRelease => ({
  version,
  target,
  manifestSha256,
});

/** The parent's float graph with the candidate's parameters in it. */
async function floatOf(
  parent: Manifest,
  { registry, blobs }: RegistryModelsOptions,
  { parameters }: PublishedCandidate,
): Promise<Graph> {
  const graph = await loadGraph(parent, registry.blobs, "float");
  const tensors = new Map(Object.entries(await readTensors(blobs, parameters)));
  return {
    ...graph,
    initializers: new Map(
      [...graph.initializers].map(([name, tensor]) => [name, tensors.get(name) ?? tensor]),
    ),
  };
}

async function outputsOf(
  graph: Graph,
  windows: TensorOf<"float32">,
  options: SessionOptions,
): Promise<TensorOf<"float32">> {
  const session = await openSession(graph, options);
  try {
    const [input, output] = [session.inputs[0]?.name ?? "", session.outputs[0]?.name ?? ""];
    const result = (await session.run({ [input]: windows }, [output]))[output];
    if (result?.dtype === "float32") return result;
  } finally {
    await session.dispose();
  }
  throw new EdgeloopError("GRAPH_INVALID", "expected a float32 output of the model");
}
