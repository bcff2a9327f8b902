import { loopJsonSchema, parseProblemLoop } from "@edgeloop/cloud-sync";
import type { Problem } from "@edgeloop/models";
import { parseProblem, problemJsonSchema } from "@edgeloop/models";

/**
 * Reads a whole `edgeloop.yaml`: the workshop's part, and the coordinator's, which the workshop does not know. A policy
 * that is wrong is found here, before it is taken to a coordinator.
 *
 * @throws `PROBLEM_INVALID`, and `CONFIG_INVALID` for the policy: both name file, line, field and what was expected.
 */
export function parseProblemFile(text: string, file: string): Problem {
  const problem = parseProblem(text, file);
  parseProblemLoop(text, file);
  return problem;
}

/** Gives the JSON Schema of a whole `edgeloop.yaml`, for editors. */
export function problemFileJsonSchema(): Readonly<Record<string, unknown>> {
  const schema = problemJsonSchema();
  const properties = { ...Object(schema["properties"]), loop: loopJsonSchema() };
  return { ...schema, properties };
}
