import type * as ort from "onnxruntime-web";
import type { Tensor } from "../graph/tensor.ts";
import { checkFeeds, disposed, outputIndices } from "./feeds.ts";
import { openOrtLoop } from "./ort-loop.ts";
import type { OrtProgram } from "./ort-program.ts";
import { executeOrt } from "./ort-program.ts";
import { fromOrt } from "./ort-tensor.ts";
import type { Loop, Session } from "./session.ts";

/** Puts the session port in front of an onnxruntime session. */
export function ortSession(program: OrtProgram): Session {
  const { feed, session, inputs, outputs } = program;
  const all = fetchesOf(outputs.map(({ name }) => name));
  const loops = new Set<Loop>();
  let open = true;
  return {
    inputs,
    outputs,
    async run(feeds, names) {
      if (!open) throw disposed("session");
      checkFeeds(inputs, feeds);
      const given: Record<string, ort.Tensor> = {};
      for (const { name } of inputs) given[name] = feed(feeds[name] as Tensor);
      const fetches =
        names === undefined
          ? all
          : fetchesOf(outputIndices(outputs, names).map((index) => outputs[index]?.name ?? ""));
      const made = await executeOrt(program, given, fetches);
      const tensors: Record<string, Tensor> = {};
      for (const name in fetches) tensors[name] = fromOrt(made[name] as ort.Tensor);
      return tensors;
    },
    loop: (options) =>
      Promise.try(() => {
        if (!open) throw disposed("session");
        const loop = openOrtLoop(program, options, () => loops.delete(loop));
        loops.add(loop);
        return loop;
      }),
    async dispose() {
      if (!open) return;
      open = false;
      for (const loop of loops) await loop.dispose();
      await session.release();
    },
  };
}

const fetchesOf = (names: readonly string[]): Readonly<Record<string, null>> =>
  Object.fromEntries(names.map((name) => [name, null]));
