import type { Tensor, ValueInfo } from "@edgeloop/core/graph";
import { EdgeloopError } from "@edgeloop/core/platform";
import type { Backend } from "@edgeloop/core/runtime";
import { openSession } from "@edgeloop/core/runtime/node";
import type { Run } from "../command.ts";
import { readInput } from "../files.ts";
import { readTensors, writeTensors } from "../model/tensor-file.ts";
import { textOption } from "../options.ts";

/**
 * Runs a model once on tensors of a file and writes what comes out.
 *
 * @throws `FILE_MISSING`, `USAGE` for an unknown backend, `FEED_INVALID` naming the input and what was expected, and
 * what opening and running a session throws.
 */
export const run: Run = async ({ say }, [model = ""], options) => {
  const backend = backendOf(textOption(options, "backend"));
  const output = textOption(options, "output");
  const bytes = await readInput(model, "an .onnx file");
  const inputs = await readTensors(textOption(options, "inputs"));
  const session = await openSession(bytes, { backend });
  try {
    const startMs = performance.now();
    const results = await session.run(Object.fromEntries(inputs));
    const runMs = performance.now() - startMs;
    const tensors = new Map(Object.entries(results));
    await writeTensors(output, tensors);
    const outputs = [...tensors].map(describe);
    for (const { name, dtype, shape } of outputs) say(`${name}: ${dtype} [${shape.join(", ")}]`);
    say(`wrote ${output} (${backend}, ${runMs.toFixed(2)} ms)`);
    return { format: 1, backend, runMs, output, outputs };
  } finally {
    await session.dispose();
  }
};

const describe = ([name, { dtype, shape }]: [string, Tensor]): Required<ValueInfo> => ({
  name,
  dtype,
  shape,
});

const backends: readonly Backend[] = ["native", "wasm"];

function backendOf(name: string): Backend {
  const found = backends.find((backend) => backend === name);
  if (found) return found;
  throw new EdgeloopError("USAGE", `--backend must be ${backends.join(" or ")}, not "${name}"`);
}
