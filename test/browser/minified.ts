import { minifySync } from "rolldown/utils";
import { bundle } from "./bundle.ts";

/** Import and export of models, gradients, training, quantization, running. Calibration from data is 6 kB on top. */
export const engineEntry = `
export { decodeOnnx, encodeOnnx } from "@edgeloop/core/graph";
export { differentiate, sgd, softmaxCrossEntropy, trainingStep } from "@edgeloop/core/autodiff";
export { quantize } from "@edgeloop/core/quantize";
export { openSession } from "@edgeloop/core/runtime";
`;

/**
 * Bundles an entry as an application would and minifies its modules; the runtimes stay imports.
 *
 * @throws TypeError for an import of anything but a runtime.
 */
export async function minified(
  entry: string,
  lazy: "inside" | "apart",
): Promise<readonly string[]> {
  const { modules, imports } = await bundle(entry, lazy);
  const others = imports.filter((name) => !name.startsWith("onnxruntime-web"));
  if (others.length > 0) throw new TypeError(`the engine imports ${others.join(", ")}`);
  return modules.map((module) => {
    const options = { module: true, compress: true, mangle: true };
    const { code, errors } = minifySync("engine.js", module, options);
    if (errors.length > 0) throw new TypeError(`the minifier refuses: ${errors[0]?.message}`);
    return code;
  });
}

/** Bytes of modules together. */
export const bytesOf = (modules: readonly string[]): number =>
  modules.reduce((bytes, code) => bytes + Buffer.byteLength(code), 0);
