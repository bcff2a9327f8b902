import { z } from "zod";
import { parseYaml } from "./config-yaml.ts";
import type { LoopPolicy } from "./policy.ts";

/** When to retrain, and what a campaign is; sensor time. `loop:` of `edgeloop.yaml` or of `coordinator.yaml`. */
export type LoopConfig = {
  readonly retrain: LoopPolicy["retrain"];
  readonly coolDownS: number;
  readonly range: { readonly beforeS: number; readonly afterS: number };
  readonly approve: "automatic" | "operator";
  readonly rounds: number;
  readonly release: "last" | "best";
  readonly cohortMin: number;
  readonly bar: {
    readonly macroF1Min?: number;
    readonly parentDropMax?: number;
    readonly floatDropMax?: number;
  };
};

const count = z.int().min(1).max(1_000_000);
const fraction = z.number().min(0).max(1);
const sensorS = z.number().min(0).max(1e9);

const schema = z.strictObject({
  retrain: z
    .strictObject({
      drift: z.strictObject({ devicesMin: count }).exactOptional(),
      objective: z.strictObject({ devicesMin: count }).exactOptional(),
      labels: z.strictObject({ countMin: count }).exactOptional(),
    })
    .prefault({}),
  coolDownS: sensorS.default(3600),
  range: z
    .strictObject({ beforeS: sensorS, afterS: sensorS })
    .default({ beforeS: 60, afterS: 600 }),
  approve: z.enum(["automatic", "operator"]).default("automatic"),
  rounds: z.int().min(1).max(1000).default(3),
  release: z.enum(["last", "best"]).default("last"),
  cohortMin: count.default(2),
  bar: z
    .strictObject({
      macroF1Min: fraction.exactOptional(),
      parentDropMax: fraction.exactOptional(),
      floatDropMax: fraction.exactOptional(),
    })
    .prefault({}),
});

/** The schema of a `loop:`, wherever it stands. */
export const loopSchema: z.ZodType<LoopConfig> = schema;

/** What a coordinator does that was told nothing: no campaign but an operator's. */
export const loopDefaults: LoopConfig = schema.parse({});

// The rest of the file is for those who train; here it may be anything.
const problemSchema = z.looseObject({ loop: loopSchema.exactOptional() });

/**
 * Reads the policy of an `edgeloop.yaml`; the rest of the file is not looked at.
 *
 * @param file Named in errors.
 * @returns `undefined` when the problem has no `loop`.
 * @throws `CONFIG_INVALID` naming file, line and field, and what was expected.
 * @example
 * parseProblemLoop("loop: { rounds: 5 }", "edgeloop.yaml")?.rounds; // => 5
 */
export const parseProblemLoop = (yaml: string, file: string): LoopConfig | undefined =>
  parseYaml(yaml, { file, schema: problemSchema }).data.loop;

/** Gives the JSON Schema of a `loop:`, for editors. */
export const loopJsonSchema = (): Readonly<Record<string, unknown>> => {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  return json;
};
