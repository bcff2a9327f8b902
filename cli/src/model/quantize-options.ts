import type { Graph } from "@edgeloop/core/graph";
import { EdgeloopError } from "@edgeloop/core/platform";
import type { CalibrationMethod, QuantizationOptions } from "@edgeloop/core/quantize";
import { nodeTitle } from "@edgeloop/core/quantize";
import type { Options } from "../command.ts";
import { optionalNumber, optionalText } from "../options.ts";
import { matchesGlob } from "./name-glob.ts";

/** Which form a model is quantized to. */
export type Form =
  | { readonly kind: "static"; readonly method: CalibrationMethod }
  | { readonly kind: "dynamic" }
  | { readonly kind: "weights"; readonly weights: "int8" | "int4" };

/** What `model quantize` was asked for. */
export type QuantizeSettings = {
  readonly form: Form;
  readonly calibration?: string;
  readonly options: Pick<QuantizationOptions, "activations" | "symmetric" | "whole">;
  /** Nodes that stay in float, by pattern. */
  readonly exclude?: string;
  readonly accuracyBudget?: number;
  readonly equalize: boolean;
  readonly correctBias: boolean;
  readonly report: boolean | string;
};

const methods = ["minmax", "percentile", "entropy", "mse"] as const;

/** Options that need data, and what for. */
const needsData: readonly (readonly [option: string, flag: string])[] = [
  ["accuracyBudget", "--accuracy-budget"],
  ["correctBias", "--correct-bias"],
  ["report", "--report"],
];

/** Options that only a graph whose activations are integers with fixed scales has. */
const staticOnly: readonly (readonly [option: string, flag: string])[] = [
  ["activations", "--activations"],
  ["symmetric", "--symmetric"],
  ["whole", "--whole"],
  ["correctBias", "--correct-bias"],
  ["method", "--method"],
];

/** Reads the options of `model quantize`. @throws `USAGE` naming what does not go together. */
export function quantizeSettings(options: Options): QuantizeSettings {
  const form = formOf(options);
  const calibration = optionalText(options, "calibration");
  const given = ([option]: readonly [string, string]): boolean =>
    options[option] !== undefined && options[option] !== false;
  const [, lonely] = needsData.find((one) => calibration === undefined && given(one)) ?? [];
  if (lonely) throw usage(`${lonely} measures on examples: add --calibration <file>`);
  const [, odd] = staticOnly.find((one) => form.kind !== "static" && given(one)) ?? [];
  if (odd) throw usage(`${odd} belongs to static quantization, not to ${form.kind}`);
  const exclude = optionalText(options, "exclude");
  const accuracyBudget = optionalNumber(options, "accuracyBudget", { min: 0, max: 1 });
  const report = options["report"];
  return {
    form,
    options: {
      ...(choose(options, "activations", ["uint8", "int8"]) === "int8"
        ? { activations: "int8" as const }
        : {}),
      ...(options["symmetric"] === true ? { symmetric: true } : {}),
      ...(options["whole"] === true ? { whole: true } : {}),
    },
    ...(calibration === undefined ? {} : { calibration }),
    ...(exclude === undefined ? {} : { exclude }),
    ...(accuracyBudget === undefined ? {} : { accuracyBudget }),
    equalize: options["equalize"] === true,
    correctBias: options["correctBias"] === true,
    report: typeof report === "string" ? report : report === true,
  };
}

function formOf(options: Options): Form {
  const weights = choose(options, "weights", ["int8", "int4"]);
  const alone = options["weightOnly"] === true;
  const hasData = optionalText(options, "calibration") !== undefined;
  if (options["dynamic"] === true) {
    if (weights === "int4" || alone) throw usage("--dynamic has int8 weights and activations");
    return { kind: "dynamic" };
  }
  if (alone || weights === "int4" || (weights !== undefined && !hasData)) {
    return { kind: "weights", weights: weights ?? "int8" };
  }
  if (!hasData) {
    throw usage("give --calibration <file>; or --dynamic, or --weights int8 or int4, without data");
  }
  return { kind: "static", method: choose(options, "method", methods) ?? "mse" };
}

function choose<T extends string>(
  options: Options,
  name: string,
  allowed: readonly T[],
): T | undefined {
  const given = optionalText(options, name);
  if (given === undefined) return undefined;
  const found = allowed.find((one) => one === given);
  if (found !== undefined) return found;
  throw usage(`--${name} must be ${allowed.join(", ")}, not "${given}"`);
}

/** Lists the nodes that a pattern names. @throws `USAGE` when it names none. */
export function excludedNodes(graph: Graph, pattern: string | undefined): readonly string[] {
  if (pattern === undefined) return [];
  const found = graph.nodes.map(nodeTitle).filter(matchesGlob(pattern));
  if (found.length > 0) return found;
  const some = graph.nodes.slice(0, 8).map(nodeTitle).join(", ");
  throw usage(`--exclude ${pattern} names no node; there are ${some}, …`);
}

const usage = (message: string): EdgeloopError => new EdgeloopError("USAGE", message);
