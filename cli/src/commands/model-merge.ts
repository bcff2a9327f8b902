import { adapterNames, mergeAdapters } from "@edgeloop/core/autodiff";
import type { Tensor } from "@edgeloop/core/graph";
import type { Run } from "../command.ts";
import { readModel, writeModel } from "../model/model-file.ts";
import { readTensors } from "../model/tensor-file.ts";
import { optionalNumber, textOption } from "../options.ts";

/**
 * Folds trained adapters into a model: float weights change; int8 ones stay, with their adapters beside them, unless
 * they are to be rounded anew.
 *
 * @throws `FILE_MISSING`, `USAGE`, and what `mergeAdapters` and reading the files throw.
 */
export const run: Run = async ({ say }, [path = ""], options) => {
  const output = textOption(options, "output");
  const adapterPath = textOption(options, "adapter");
  const scale = optionalNumber(options, "scale", { min: 0, max: 1e6 });
  const model = await readModel(path);
  const adapters = onlyAdapters(await readTensors(adapterPath));
  const merged = mergeAdapters(model, adapters, {
    ...(scale === undefined ? {} : { scale }),
    requantize: options["requantize"] === true,
  });
  await writeModel(output, merged);
  const beside = [...adapters.keys()].filter((name) => merged.initializers.has(name));
  const changed = [...model.initializers]
    .filter(([name, tensor]) => merged.initializers.get(name) !== tensor)
    .map(([name]) => name);
  say(`changed    ${changed.join(", ") || "nothing: the model's own tensors stay as they are"}`);
  if (beside.length > 0) say(`beside     ${beside.join(", ")}`);
  say(`wrote ${output}`);
  return { format: 1, output, changed, beside };
};

/** A step's tensors hold the optimizer's state too. */
function onlyAdapters(tensors: ReadonlyMap<string, Tensor>): ReadonlyMap<string, Tensor> {
  const endings = Object.values(adapterNames(""));
  return new Map([...tensors].filter(([name]) => endings.some((ending) => name.endsWith(ending))));
}
