import { availableParallelism } from "node:os";
import { join } from "node:path";
import { externalLocations } from "@edgeloop/core/graph";
import type { Backend, Model, Session } from "@edgeloop/core/runtime";
import { backends, choiceKey, fileMemory, openSession } from "@edgeloop/core/runtime/node";
import { cacheDirectory } from "../cache.ts";
import { readInput } from "../files.ts";
import { holdsTflite, readModel } from "./model-file.ts";

/** Where what was measured of this machine is remembered. */
export const choicesFile = (): string => join(cacheDirectory(), "backends.json");

/** What a choice is remembered under, on all of the machine's cores. */
export const choiceKeyOf = (bytes: Uint8Array): Promise<string> =>
  choiceKey(bytes, availableParallelism());

/** A model's file, as each backend takes it. */
export type ModelSource = {
  readonly bytes: Uint8Array;
  readonly isTflite: boolean;
  /**
   * What a backend opens: the file's bytes where it runs such files, else the graph.
   */
  for(backend: Backend): Promise<Model>;
};

/** Reads a model's file. @throws `FILE_MISSING` */
export async function modelSource(path: string): Promise<ModelSource> {
  const bytes = await readInput(path, "an .onnx or .tflite file");
  const isTflite = holdsTflite(path, bytes);
  return {
    bytes,
    isTflite,
    async for(backend) {
      const runsTflite = backends[backend].runs === "tflite";
      if (isTflite) return runsTflite ? bytes : await readModel(path);
      // Runtimes get bytes, not a place where files beside the model could be; a graph is written as .tflite for them.
      return runsTflite || externalLocations(bytes).length > 0 ? await readModel(path) : bytes;
    },
  };
}

/** A backend, and why it is that one. */
export type ResolvedBackend = {
  readonly backend: Backend;
  readonly threads: number;
  readonly why: string;
};

/**
 * Resolves `auto`: what `edgeloop model bench` chose for this model on this machine; until then what runs everywhere.
 */
export async function resolveBackend(
  source: ModelSource,
  asked: "auto" | Backend,
): Promise<ResolvedBackend> {
  if (asked !== "auto") return { backend: asked, threads: 1, why: "asked for" };
  const known = await fileMemory(choicesFile()).read(await choiceKeyOf(source.bytes));
  if (known !== undefined) return known;
  return {
    backend: source.isTflite ? "litert" : "wasm",
    threads: 1,
    why: "until edgeloop model bench has measured this model here",
  };
}

/** Opens a model's file on a backend, in this thread. @throws What reading and opening throw. */
export const openSource = async (
  source: ModelSource,
  { backend, threads }: Pick<ResolvedBackend, "backend" | "threads">,
): Promise<Session> => await openSession(await source.for(backend), { backend, threads });
