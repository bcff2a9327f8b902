import { EdgeloopError } from "@edgeloop/core/platform";
import { writeFileAtomic } from "@edgeloop/core/platform/node";
import { decodeTflite, encodeTflite } from "@edgeloop/core/tflite";
import type { Run } from "../command.ts";
import { readInput } from "../files.ts";
import type { ModelFormat } from "../model/model-file.ts";
import { encodeModel, formatOf, readModel } from "../model/model-file.ts";
import { integerOption, textOption } from "../options.ts";

/** Largest number of examples that a .tflite file takes at once. */
const batchMax = 65_536;

/** What a file holds, for the summary. */
type Side = {
  readonly file: string;
  readonly format: ModelFormat;
  readonly bytes: number;
  readonly operators: number;
};

/**
 * Turns a model file into another format, by the endings of the names. The same format is written anew: an .onnx file
 * in edgeloop's one operator set, a .tflite file without what runtimes do not read.
 *
 * @throws `USAGE` for another ending, `FILE_MISSING`, and what reading and writing the formats throws, which names the
 * operators that are not converted.
 */
export const run: Run = async ({ say }, [path = ""], options) => {
  const output = textOption(options, "output");
  const [from, to] = [needFormat(path), needFormat(output)];
  const original = await readInput(path, from === "onnx" ? "an .onnx file" : "a .tflite file");
  const batch = integerOption(options, "batch", { min: 1, max: batchMax, fallback: 1 });
  const converted = await convert(path, original, { from, to, batch });
  await writeFileAtomic(output, converted.bytes);
  const sides: readonly Side[] = [
    { file: path, format: from, bytes: original.length, operators: converted.before },
    { file: output, format: to, bytes: converted.bytes.length, operators: converted.after },
  ];
  const [before, after] = sides.map(
    ({ file, operators, bytes }) => `${file} (${operators} operators, ${bytes} bytes)`,
  );
  say(`wrote ${after} from ${before}`);
  return { format: 1, input: sides[0], output: sides[1] };
};

type Formats = {
  readonly from: ModelFormat;
  readonly to: ModelFormat;
  readonly batch: number;
};

type Converted = { readonly bytes: Uint8Array; readonly before: number; readonly after: number };

async function convert(
  path: string,
  original: Uint8Array,
  { from, to, batch }: Formats,
): Promise<Converted> {
  const operators = (file: Uint8Array): number =>
    decodeTflite(file).subgraphs.reduce((sum, subgraph) => sum + subgraph.operators.length, 0);
  if (from === "tflite" && to === "tflite") {
    const bytes = encodeTflite(decodeTflite(original));
    return { bytes, before: operators(bytes), after: operators(bytes) };
  }
  const graph = await readModel(path);
  const bytes = encodeModel(graph, to, { batch });
  return {
    bytes,
    before: from === "tflite" ? operators(original) : graph.nodes.length,
    after: to === "tflite" ? operators(bytes) : graph.nodes.length,
  };
}

function needFormat(path: string): ModelFormat {
  const format = formatOf(path);
  if (format !== undefined) return format;
  throw new EdgeloopError("USAGE", `${path}: the name must end in .onnx or .tflite`);
}
