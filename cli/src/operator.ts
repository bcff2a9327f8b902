import { readFile } from "node:fs/promises";
import { readCoordinatorConfig } from "@edgeloop/cloud-sync/node";
import { EdgeloopError } from "@edgeloop/core/platform";

/** What an operator asks a coordinator on the same machine. */
export type Operator = {
  /** Reads `GET /v1/admin/<path>`. */
  get(path: string): Promise<Readonly<Record<string, unknown>>>;
  /** Sends `POST /v1/admin/<path>`. */
  post(path: string, body: object): Promise<Readonly<Record<string, unknown>>>;
};

/** A device, campaign, round or rollout in a coordinator's status. */
export type StatusRow = Readonly<Record<string, unknown>>;

/** Reads a list of a coordinator's status; none where a coordinator of another version has no such list. */
export const statusRows = (value: unknown): readonly StatusRow[] =>
  Array.isArray(value) ? value : [];

/**
 * Opens the operator's side of the coordinator that a `coordinator.yaml` describes.
 *
 * @throws `CONFIG_INVALID`, `COORDINATOR_UNREACHABLE`, and the coordinator's own refusals by their codes.
 */
export async function openOperator(file: string): Promise<Operator> {
  const { admin } = await readCoordinatorConfig(file);
  const token = (await readFile(admin.tokenFile, "utf8")).trim();
  const base = `http://127.0.0.1:${admin.port}/v1/admin`;
  const ask = async (path: string, init: RequestInit): Promise<Record<string, unknown>> => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const response = await fetch(`${base}/${path}`, { ...init, headers }).catch(
      (cause: unknown) => {
        throw unreachable(base, cause);
      },
    );
    const body: unknown = await response.json();
    const answer: Record<string, unknown> = { ...Object(body) };
    if (response.ok) return answer;
    throw new EdgeloopError(String(answer["code"]), String(answer["message"]));
  };
  return {
    get: (path) => ask(path, { method: "GET" }),
    post: (path, body) => ask(path, { method: "POST", body: JSON.stringify(body) }),
  };
}

const unreachable = (base: string, cause: unknown): EdgeloopError =>
  new EdgeloopError(
    "COORDINATOR_UNREACHABLE",
    `nobody answers at ${base}: start it with edgeloop coordinator run`,
    { cause },
  );
