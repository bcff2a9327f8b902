import { checkFeeds, disposed, outputIndices } from "./feeds.ts";
import { openOrtLoop } from "./ort-loop.ts";
import type { OrtProgram } from "./ort-program.ts";
import { executeOrt } from "./ort-program.ts";
import { fromOrt, mapTensors, toOrt } from "./ort-tensor.ts";
import type { Loop, Session } from "./session.ts";

/** Puts the session port in front of an onnxruntime session. */
export function ortSession(program: OrtProgram): Session {
  const { api, session, inputs, outputs } = program;
  const loops = new Set<Loop>();
  let open = true;
  return {
    inputs,
    outputs,
    async run(feeds, names) {
      if (!open) throw disposed("session");
      checkFeeds(inputs, feeds);
      const wanted = outputIndices(outputs, names).map((index) => outputs[index]?.name ?? "");
      const given = mapTensors(feeds, (tensor) => toOrt(api, tensor));
      const fetches = Object.fromEntries(wanted.map((name) => [name, null]));
      return mapTensors(await executeOrt(program, given, fetches), fromOrt);
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
