import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Line, PublicJwk, SigningKey, VerifyKey } from "@edgeloop/cloud-sync";
import { importPublicKey, lineOf } from "@edgeloop/cloud-sync";
import {
  readKeyFile,
  readReleasePackage,
  releaseBlobs,
  signOffline,
  writeReleasePackage,
} from "@edgeloop/cloud-sync/node";
import { bundleBytes } from "@edgeloop/core/bundle";
import { parseWhere, selectRecordings } from "@edgeloop/core/data";
import type { StoredRecording } from "@edgeloop/core/data/node";
import { listDataset } from "@edgeloop/core/data/node";
import type { Sha256 } from "@edgeloop/core/platform";
import { EdgeloopError, sha256 } from "@edgeloop/core/platform";
import { systemClock } from "@edgeloop/core/platform/node";
import type { Backend } from "@edgeloop/core/runtime";
import { nativeAvailable, openSession } from "@edgeloop/core/runtime/node";
import type { FirstRelease } from "@edgeloop/models";
import { firstRelease } from "@edgeloop/models";
import { loadExamples } from "@edgeloop/models/node";
import type { Context, Options, Run } from "../command.ts";
import { integerOption, listOption, optionalText, textOption } from "../options.ts";
import { parseProblemFile } from "../problem-file.ts";
import { checkSlices } from "../release/check-slices.ts";
import { writeLocalPackage } from "../release/local-package.ts";
import { table } from "../table.ts";
import { versionOf } from "../version.ts";

/**
 * Trains, quantizes and evaluates a problem's model and signs it as a line's release with the offline key. Without keys
 * the package is for a gateway on this machine: `edgeloop gateway run --install`.
 *
 * @throws `FILE_MISSING`, `PROBLEM_INVALID`, `CONFIG_INVALID`, `DATASET_EMPTY`, `OBJECTIVE_MISSED`, `BUNDLE_TOO_LARGE`, `KEY_FILE_MISSING`
 */
export const run: Run = async (context, [problemFile = ""], options) => {
  const out = textOption(options, "output");
  const text = await readText(problemFile);
  const problem = parseProblemFile(text, problemFile);
  const line = optionalText(options, "line") ?? problem.name;
  const keys = await keysOf(options);
  const approve = approveOf(options);
  const where = parseWhere(listOption(options, "where"));
  const directory = textOption(options, "data");
  const groupBy = textOption(options, "groupBy");
  const recordings = selectRecordings(await listDataset(directory), where);
  checkSlices(problem, recordings, { text, file: problemFile });
  const examples = await loadExamples(problem, { directory, where, groupBy });
  const backend = await backendOf(options);
  const blobs = await releaseBlobs(out);
  const version = integerOption(options, "release", { min: 1, max: 1e9, fallback: 1 });
  const release = await firstRelease(
    {
      problem,
      examples,
      line,
      version,
      lineage: {
        problem: await sha256(new TextEncoder().encode(text)),
        data: await hashesOf(recordings),
        code: await versionOf(),
      },
    },
    {
      open: (graph) => openSession(graph, { backend }),
      clock: systemClock,
      blobs,
      signal: context.signal,
      onEpoch: ({ epoch, loss }) =>
        context.progress(
          `epoch ${epoch + 1} of ${problem.training.epochs}, loss ${loss.toFixed(4)}`,
        ),
    },
  );
  if (keys)
    await sign(release, keys, { out, approve, previous: optionalText(options, "previous") });
  else await writeLocalPackage(out, release.bundle);
  return show(context, { out, line, version, backend, release, isSigned: keys !== undefined });
};

type Keys = { readonly offline: SigningKey; readonly online: VerifyKey };

/** Without keys the release is for this machine's own gateway. */
async function keysOf(options: Options): Promise<Keys | undefined> {
  const [key, onlineKey] = [optionalText(options, "key"), optionalText(options, "onlineKey")];
  if (key === undefined && onlineKey === undefined) return undefined;
  return {
    offline: await readKeyFile(textOption(options, "key"), "offline"),
    online: await importPublicKey(await readPublicJwk(textOption(options, "onlineKey"))),
  };
}

function approveOf(options: Options): Line["approve"] {
  const asked = optionalText(options, "approve") ?? "automatic";
  if (asked === "automatic" || asked === "operator") return asked;
  throw new EdgeloopError("USAGE", `--approve is automatic or operator, not "${asked}"`);
}

async function sign(
  { bundle }: FirstRelease,
  { offline, online }: Keys,
  {
    out,
    approve,
    previous,
  }: {
    readonly out: string;
    readonly approve: Line["approve"];
    readonly previous: string | undefined;
  },
): Promise<void> {
  const signed = await signOffline({
    key: offline,
    onlineKey: online,
    ...(previous === undefined ? {} : { previous: await readReleasePackage(previous) }),
    lines: [lineOf(bundle.manifest, { parents: [], approve })],
    releases: [bundle.manifestBytes],
    nowUs: systemClock.nowUs(),
  });
  await writeReleasePackage(out, signed);
}

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

/** Slices of one attribute that people are shown; `--json` has all. */
const sliceRowsMax = 10;

/** How the int8 model does by each attribute that the problem names, the worst first. */
function sliceRows({ slices }: FirstRelease): readonly string[] {
  return [...Map.groupBy(slices, ({ attribute }) => attribute)].flatMap(([attribute, own]) => [
    `int8 by ${attribute}, the worst first:`,
    ...table(
      own
        .slice(0, sliceRowsMax)
        .map(({ value, windows, ...figures }) => [
          `  ${value}`,
          `accuracy ${percent(figures.accuracy)}`,
          `macro-F1 ${figures.macroF1.toFixed(4)}`,
          `${windows} windows`,
        ]),
    ),
    ...(own.length > sliceRowsMax ? [`  and ${own.length - sliceRowsMax} more`] : []),
  ]);
}

function show(
  context: Context,
  made: {
    readonly out: string;
    readonly line: string;
    readonly version: number;
    readonly backend: Backend;
    readonly release: FirstRelease;
    readonly isSigned: boolean;
  },
): Readonly<Record<string, unknown>> {
  const { bundle, float, int8, slices, trainedWindows, heldOutWindows } = made.release;
  const bytes = bundleBytes(bundle.manifest);
  const rows = table([
    ["line, version", `${made.line}, ${made.version}`],
    ["identity", bundle.sha256],
    ["trained on", `${trainedWindows} windows, ${made.backend}`],
    ["held out", `${heldOutWindows} windows`],
    ["accuracy float, int8", `${percent(float.accuracy)}, ${percent(int8.accuracy)}`],
    ["macro-F1 float, int8", `${float.macroF1.toFixed(4)}, ${int8.macroF1.toFixed(4)}`],
    ["first installation", `${bytes} bytes`],
    [made.isSigned ? "signed package" : "package, unsigned", made.out],
  ]);
  for (const row of [...rows, ...sliceRows(made.release)]) context.say(row);
  return {
    format: 1,
    line: made.line,
    version: made.version,
    sha256: bundle.sha256,
    bytes,
    backend: made.backend,
    float,
    int8,
    slices,
    windows: { trained: trainedWindows, heldOut: heldOutWindows },
    package: made.out,
    signed: made.isSigned,
  };
}

async function backendOf(options: Options): Promise<Backend> {
  const asked = optionalText(options, "backend") ?? "auto";
  if (asked === "native" || asked === "wasm") return asked;
  if (asked === "auto") return (await nativeAvailable()) ? "native" : "wasm";
  throw new EdgeloopError("USAGE", `--backend is auto, native or wasm, not "${asked}"`);
}

const hashesOf = async (recordings: readonly StoredRecording[]): Promise<readonly Sha256[]> =>
  await Promise.all(
    recordings.map(
      async (stored) => await sha256(await readFile(join(stored.directory, "recording.json"))),
    ),
  );

async function readPublicJwk(path: string): Promise<PublicJwk> {
  const json: unknown = JSON.parse(await readText(path));
  const jwk = typeof json === "object" && json !== null && "jwk" in json ? json.jwk : json;
  const isPublic =
    typeof jwk === "object" &&
    jwk !== null &&
    "x" in jwk &&
    typeof jwk.x === "string" &&
    !("d" in jwk);
  if (isPublic) return { kty: "OKP", crv: "Ed25519", x: String(jwk.x) };
  throw new EdgeloopError(
    "KEY_FILE_INVALID",
    `${path}: expected the online key's public half: the .pub.json that edgeloop keys init wrote`,
  );
}

async function readText(path: string): Promise<string> {
  return await readFile(path, "utf8").catch((cause: unknown) => {
    throw new EdgeloopError("FILE_MISSING", `${path}: expected a file that can be read`, { cause });
  });
}
