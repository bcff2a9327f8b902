import type { Tensor, ValueInfo } from "@edgeloop/core/graph";
import type { Run } from "../command.ts";
import { parseBackend } from "../model/backend.ts";
import { modelSource, openSource, resolveBackend } from "../model/open-model.ts";
import { readTensors, writeTensors } from "../model/tensor-file.ts";
import { textOption } from "../options.ts";

/**
 * Runs a model once on tensors of a file and writes what comes out.
 *
 * Tensors that are no inputs of the model, such as the targets of examples, are passed over and named.
 *
 * @throws `FILE_MISSING`, `USAGE` for an unknown backend, `FEED_INVALID` naming the input and
 *   what was expected, and what opening and running a session throws.
 */
export const run: Run = async ({ say }, [model = ""], options) => {
  const asked = parseBackend(textOption(options, "backend"));
  const output = textOption(options, "output");
  const source = await modelSource(model);
  const inputs = await readTensors(textOption(options, "inputs"));
  const resolved = await resolveBackend(source, asked);
  const { backend, threads, why } = resolved;
  const session = await openSource(source, resolved);
  try {
    const names = new Set(session.inputs.map(({ name }) => name));
    const feeds = [...inputs].filter(([name]) => names.has(name));
    const others = [...inputs.keys()].filter((name) => !names.has(name));
    if (others.length > 0)
      say(`passed over, for the model has no such input: ${others.join(", ")}`);
    const startMs = performance.now();
    const results = await session.run(Object.fromEntries(feeds));
    const runMs = performance.now() - startMs;
    const tensors = new Map(Object.entries(results));
    await writeTensors(output, tensors);
    const outputs = [...tensors].map(describe);
    for (const { name, dtype, shape } of outputs) say(`${name}: ${dtype} [${shape.join(", ")}]`);
    if (asked === "auto") say(`auto: ${backend}: ${why}`);
    say(`wrote ${output} (${backend}, ${runMs.toFixed(2)} ms)`);
    return { format: 1, backend, threads, why, runMs, output, outputs };
  } finally {
    await session.dispose();
  }
};

const describe = ([name, { dtype, shape }]: [string, Tensor]): Required<
  Omit<ValueInfo, "isUntyped">
> => ({
  name,
  dtype,
  shape,
});
