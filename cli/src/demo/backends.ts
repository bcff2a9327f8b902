import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseCoordinatorConfig } from "@edgeloop/cloud-sync";

/** On what models ran. */
export type Backends = {
  /** What serves on the gateways, as they say it themselves at the end. */
  readonly inference: string;
  /** What trained: the plan's, which a device follows or does not train at all. */
  readonly training: string;
};

/** Whom to ask, and where the coordinator's file is. */
export type BackendOptions = {
  readonly stations: readonly { readonly member: { readonly httpUrl: string } }[];
  readonly plant: { readonly directory: string };
};

/** How long a gateway may take to say how it is. */
const answerMsMax = 5000;

/** Asks every gateway's health page what it serves on, and the coordinator's file what its plans pin. */
export async function backendsOf({ stations, plant }: BackendOptions): Promise<Backends> {
  const serving = await Promise.all(stations.map(({ member }) => servingOf(member.httpUrl)));
  const file = join(plant.directory, "coordinator.yaml");
  const { training } = parseCoordinatorConfig(await readFile(file, "utf8"), file);
  return {
    inference: [...new Set(serving)].toSorted().join(", "),
    training: training.backend,
  };
}

/** A gateway that gives no answer is no reason to lose the result of a run. */
async function servingOf(httpUrl: string): Promise<string> {
  try {
    const response = await fetch(`${httpUrl}/healthz`, {
      signal: AbortSignal.timeout(answerMsMax),
    });
    const backend: unknown = Object(Object(await response.json()).model).backend;
    return typeof backend === "string" ? backend : "not reported";
  } catch {
    return "not reported";
  }
}
