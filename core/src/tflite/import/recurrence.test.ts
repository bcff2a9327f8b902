import { expect, test } from "vitest";
import type { CaseTensor } from "../../../../test/tflite-case.ts";
import { caseOf, constantOf, expectSame, modelOf } from "../../../../test/tflite-case.ts";
import { fromTflite } from "../from-tflite.ts";
import { lstmStepsMax } from "./recurrence.ts";

type Inputs = (CaseTensor | undefined)[];

/** The schema's 24 inputs of an LSTM with a state of zeros. */
function inputsOf(shape: readonly number[], batch: number, hidden: number): Inputs {
  const depth = shape[2] ?? 1;
  const constant = (sizes: readonly number[], seed: number): CaseTensor =>
    constantOf({ shape: sizes }, seed);
  const inputs: Inputs = Array.from({ length: 24 });
  inputs[0] = { shape };
  for (const gate of [0, 1, 2, 3]) {
    inputs[1 + gate] = constant([hidden, depth], gate);
    inputs[5 + gate] = constant([hidden, hidden], 10 + gate);
    inputs[12 + gate] = constant([hidden], 20 + gate);
  }
  inputs[18] = { shape: [batch, hidden], isVariable: true };
  inputs[19] = { shape: [batch, hidden], isVariable: true };
  return inputs;
}

const op = "UNIDIRECTIONAL_SEQUENCE_LSTM";
const options = { fused_activation_function: "TANH", time_major: false, cell_clip: 0 };

test.for([
  ["examples first", { ...options }, [2, 5, 3]],
  ["time first", { ...options, time_major: true }, [5, 2, 3]],
  ["a cell that is bounded", { ...options, cell_clip: 0.3 }, [2, 5, 3]],
  ["one step", { ...options }, [2, 1, 3]],
] as const)("a sequence with %s", async ([, settings, shape]) => {
  const inputs = inputsOf(shape, 2, 4);
  const outputs = [{ shape: [shape[0], shape[1], 4] }];
  await expectSame(caseOf({ op, options: settings, inputs, outputs }), 1, "tflite");
});

test.for([
  ["peepholes of an LSTM", {}, 9],
  ["a projection of an LSTM", {}, 16],
  ["layer normalisation of an LSTM", {}, 20],
  ["diagonal weights of an LSTM", { diagonal_recurrent_tensors: true }, undefined],
  ["an LSTM with the activation RELU", { fused_activation_function: "RELU" }, undefined],
] as const)("%s is refused", ([message, more, extra]) => {
  const inputs = inputsOf([2, 5, 3], 2, 4);
  if (extra !== undefined) inputs[extra] = { shape: [4], data: [1, 1, 1, 1] };
  const one = caseOf({
    op,
    options: { ...options, ...more },
    inputs,
    outputs: [{ shape: [2, 5, 4] }],
  });
  expect(() => fromTflite(modelOf(one))).toThrow(
    expect.objectContaining({
      code: "TFLITE_UNSUPPORTED",
      message: expect.stringContaining(message),
    }),
  );
});

test("a coupled input gate, and a sequence of unknown or great length, are refused", () => {
  const outputs = [{ shape: [2, 5, 4] }];
  const coupled = inputsOf([2, 5, 3], 2, 4).with(1, undefined);
  expect(() => fromTflite(modelOf(caseOf({ op, options, inputs: coupled, outputs })))).toThrow(
    "an input gate that is coupled to the forget gate",
  );
  for (const sequence of [
    { shape: [2, 5, 3], shapeSignature: [2, -1, 3] },
    { shape: [2, lstmStepsMax + 1, 3] },
  ]) {
    const inputs = inputsOf([2, 5, 3], 2, 4).with(0, sequence);
    expect(() => fromTflite(modelOf(caseOf({ op, options, inputs, outputs })))).toThrow(
      "a sequence must have 1 to 1024 steps",
    );
  }
});
