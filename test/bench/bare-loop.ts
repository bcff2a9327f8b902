import type { TrainingStep } from "../../core/src/autodiff/index.ts";
import type { Tensor, Tensors } from "../../core/src/graph/tensor.ts";
import { encodeModel } from "../../core/src/runtime/model.ts";
import { toOrt } from "../../core/src/runtime/ort-tensor.ts";
import { loadEngine } from "../../core/src/runtime/wasm-engine.ts";
import { loadProgram } from "../../core/src/runtime/wasm-program.ts";
import { allocTensor, writeTensor } from "../../core/src/runtime/wasm-tensor.ts";
import type { Contender } from "./bench.ts";

type Stateful = Pick<TrainingStep, "graph" | "initial">;

/** One step with every tensor in place, nothing checked and nothing swapped: what the kernels alone take. */
export const bareLoop = (
  step: Stateful,
  feeds: Tensors,
  backend: "wasm" | "native",
): Promise<Contender> => (backend === "wasm" ? bareWasm(step, feeds) : bareNative(step, feeds));

async function bareWasm({ graph, initial }: Stateful, feeds: Tensors): Promise<Contender> {
  const module = await loadEngine({ threads: 1 });
  const program = await loadProgram(module, encodeModel(graph).bytes);
  const handleOf = (tensor: Tensor): number => {
    const there = allocTensor(module, tensor);
    writeTensor(module, there, tensor);
    return there.handle;
  };
  const given = (name: string): Tensor => (initial.get(name) ?? feeds[name]) as Tensor;
  const handles = program.inputs.map(({ name }) => handleOf(given(name)));
  const wanted = program.outputs.map((_, index) => index);
  const targets = program.outputs.map(({ name }) => {
    const carried = initial.get(name.replace(/\.next$/, ""));
    return carried === undefined ? 0 : handleOf(carried);
  });
  return () => {
    for (const [at, handle] of program.execute(handles, wanted, targets).entries()) {
      if (targets[at] === 0) module._OrtReleaseTensor(handle);
    }
  };
}

async function bareNative({ graph, initial }: Stateful, feeds: Tensors): Promise<Contender> {
  const api = await import("onnxruntime-node");
  const session = await api.InferenceSession.create(encodeModel(graph).bytes, {
    executionProviders: ["cpu"],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    extra: { session: { intra_op: { allow_spinning: "0" } } },
  });
  const given = Object.fromEntries(
    graph.inputs.map(({ name }) => [
      name,
      toOrt(api, (initial.get(name) ?? feeds[name]) as Tensor),
    ]),
  );
  const copyOf = (tensor: Tensor): Tensor => ({ ...tensor, data: tensor.data.slice() }) as Tensor;
  const fetches = Object.fromEntries(
    graph.outputs.map(({ name }) => {
      const carried = initial.get(name.replace(/\.next$/, ""));
      return [name, carried === undefined ? null : toOrt(api, copyOf(carried))];
    }),
  );
  return () => session.run(given, fetches);
}
