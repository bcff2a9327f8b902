import type { Command, Option } from "../command.ts";
import { backendSummary } from "./backend-names.ts";

/** What a model learns by. */
const recipeOptions: readonly Option[] = [
  {
    flags: "--loss <loss>",
    summary:
      "cross-entropy[:smoothing=,soft], binary-cross-entropy, mean-squared, mean-absolute, huber[:delta=], quantile[:level=] or reconstruction (of the input)",
    required: true,
  },
  {
    flags: "--optimizer <optimizer>",
    summary:
      "sgd[:momentum=,nesterov], adam[:beta1=,beta2=,epsilon=], adamw[:the same], adagrad[:epsilon=] or rmsprop[:alpha=,momentum=,epsilon=]",
    required: true,
  },
];

/** What else a model learns by. */
const classWeightOption: Option = {
  flags: "--class-weights <list>",
  summary: "one weight a class, with commas, for cross-entropy",
};

/** What of a model is trained, and how far it may move. */
const choiceOptions: readonly Option[] = [
  classWeightOption,
  {
    flags: "--train <glob>",
    summary: "initialisers to train; all float ones but single numbers when absent",
  },
  { flags: "--freeze <glob>", summary: "initialisers to leave as they are" },
  { flags: "--clip-norm <x>", summary: "longest that all gradients together may be" },
  { flags: "--weight-decay <x>", summary: "the optimizer's own when absent" },
  {
    flags: "--adapter <rank>",
    summary:
      "rank=R[,alpha=A]: train low-rank adapters beside the weights of Conv, Gemm and MatMul, float or int8, and nothing else",
  },
  {
    flags: "--memory-budget <bytes>",
    summary:
      "most that a step may take, as 64MB or 512KiB: splits the batch, makes activations again, then trains less",
  },
  {
    flags: "--choose <what>",
    summary:
      "what is trained where not all fits: last (layers) or importance (measured); or biases or normalization alone",
  },
];

/** The rows of `edgeloop model …`. */
export const modelCommands: readonly Command[] = [
  {
    words: ["model", "inspect"],
    summary: "show a model's inputs, outputs, size and operators",
    args: [{ name: "model", summary: "an .onnx or .tflite file" }],
    options: [],
    load: () => import("../commands/model-inspect.ts"),
  },
  {
    words: ["model", "run"],
    summary: "run a model once",
    args: [{ name: "model", summary: "an .onnx or .tflite file" }],
    options: [
      { flags: "--inputs <file>", summary: "input tensors, .safetensors or .npz", required: true },
      { flags: "-o, --output <file>", summary: "where the outputs go", required: true },
      { flags: "--backend <name>", summary: backendSummary, fallback: "auto" },
    ],
    load: () => import("../commands/model-run.ts"),
  },
  {
    words: ["model", "bench"],
    summary: "measure a model on every backend here, and say what auto would choose",
    args: [{ name: "model", summary: "an .onnx or .tflite file" }],
    options: [
      {
        flags: "--batch <n>",
        summary: "size of the dimensions that the model leaves open",
        fallback: "1",
      },
      {
        flags: "--threads <n>",
        summary: "the most that are tried; the machine's cores when absent",
      },
      { flags: "--backend <name>", summary: "measure this one alone, in this process" },
      {
        flags: "--results <file>",
        summary: "with --backend: where the outputs on the made-up data go",
      },
    ],
    load: () => import("../commands/model-bench.ts"),
  },
  {
    words: ["model", "convert"],
    summary: "turn an .onnx file into a .tflite file or back, float or int8",
    args: [{ name: "model", summary: "an .onnx or .tflite file" }],
    options: [
      {
        flags: "-o, --output <file>",
        summary: "where the result goes; its ending, .onnx or .tflite, says what it is",
        required: true,
      },
      {
        flags: "--batch <n>",
        summary: "size of an open first axis in a .tflite file, which has none",
        fallback: "1",
      },
    ],
    load: () => import("../commands/model-convert.ts"),
  },
  {
    words: ["model", "differentiate"],
    summary: "write a model with the gradients of its outputs, in plain operators",
    args: [{ name: "model", summary: "an .onnx or .tflite file" }],
    options: [
      { flags: "-o, --output <file>", summary: "where the .onnx file goes", required: true },
      {
        flags: "--wrt <names>",
        summary: "inputs and initialisers, with commas; all float ones when absent",
      },
    ],
    load: () => import("../commands/model-differentiate.ts"),
  },
  {
    words: ["model", "trainable"],
    summary: "write one training step of a model as a graph, and the tensors that it starts from",
    args: [{ name: "model", summary: "an .onnx or .tflite file" }],
    options: [
      ...recipeOptions,
      { flags: "-o, --output <file>", summary: "where the .onnx file goes", required: true },
      ...choiceOptions,
      { flags: "--proximal <x>", summary: "pull to <parameter>.anchor, for federated rounds" },
      { flags: "--variates", summary: "add <parameter>.variate to each gradient" },
      { flags: "--weighted", summary: "add the input weight, one weight an example" },
      { flags: "--seed <n>", summary: "decides where adapters start", fallback: "1" },
      { flags: "--batch <n>", summary: "examples that memory is estimated for", fallback: "32" },
      { flags: "--data <file>", summary: "examples that importance is measured on" },
      {
        flags: "--unroll <k>",
        summary: "steps in one call: batches get a leading axis of k, loss is [k]",
      },
    ],
    load: () => import("../commands/model-trainable.ts"),
  },
  {
    words: ["model", "train"],
    summary: "train a model on examples and write it with its new weights",
    args: [{ name: "model", summary: "an .onnx or .tflite file" }],
    options: [
      {
        flags: "--data <file>",
        summary:
          "examples, .safetensors or .npz: the model's inputs and target, axis 0 counts them",
        required: true,
      },
      ...recipeOptions,
      { flags: "-o, --output <file>", summary: "where the .onnx file goes", required: true },
      { flags: "--epochs <n>", summary: "times that all examples are seen", fallback: "20" },
      { flags: "--batch <n>", summary: "examples of one step", fallback: "32" },
      { flags: "--learning-rate <x>", summary: "at the start; it falls to 0", fallback: "0.01" },
      { flags: "--seed <n>", summary: "decides the split and the order", fallback: "1" },
      {
        flags: "--validation <share>",
        summary: "held out by chance, for the best epoch; or a file of other examples",
        fallback: "0.2",
      },
      { flags: "--patience <n>", summary: "epochs without a better one, after which it ends" },
      { flags: "--unroll <k>", summary: "steps in one call, at one learning rate" },
      ...choiceOptions,
      {
        flags: "--quantize-aware",
        summary: "learn with activations and weights rounded, and write the int8 model",
      },
      {
        flags: "--calibration <file>",
        summary: "what ranges are taken from with --quantize-aware; --data when absent",
      },
      { flags: "--exclude <glob>", summary: "nodes that --quantize-aware leaves in float" },
      { flags: "--backend <name>", summary: "auto, native or wasm", fallback: "auto" },
    ],
    load: () => import("../commands/model-train.ts"),
  },
  {
    words: ["model", "merge"],
    summary: "fold trained adapters into a model",
    args: [{ name: "model", summary: "the .onnx file that they were trained beside" }],
    options: [
      {
        flags: "--adapter <file>",
        summary: "<weight>.adapter.down and <weight>.adapter.up, .safetensors",
        required: true,
      },
      { flags: "-o, --output <file>", summary: "where the .onnx file goes", required: true },
      {
        flags: "--scale <x>",
        summary: "multiplies what they add: alpha / rank of a step graph's adapters; 1 when absent",
      },
      {
        flags: "--requantize",
        summary: "round int8 weights anew, instead of leaving their adapters beside them",
      },
    ],
    load: () => import("../commands/model-merge.ts"),
  },
  {
    words: ["model", "quantize"],
    summary: "make a model compute on 8-bit integers, or store its weights in 8 or 4 bits",
    args: [{ name: "model", summary: "an .onnx or .tflite file" }],
    options: [
      {
        flags: "--calibration <file>",
        summary:
          "representative inputs, .safetensors or .npz, axis 0 counts them; with int64 target accuracy is measured too",
      },
      { flags: "-o, --output <file>", summary: "where the .onnx file goes", required: true },
      {
        flags: "--method <name>",
        summary: "how ranges are taken: minmax, percentile, entropy or mse (the fallback)",
      },
      {
        flags: "--weights <bits>",
        summary: "int8, or int4 in blocks of 32; without data, or with int4, weights alone",
      },
      { flags: "--weight-only", summary: "leave activations in float though there are data" },
      { flags: "--dynamic", summary: "find ranges of activations at each run, without data" },
      { flags: "--exclude <glob>", summary: "nodes that stay in float" },
      {
        flags: "--accuracy-budget <x>",
        summary:
          "leave the worst layers in float until at most this share of accuracy, or of the results' size, is lost",
      },
      { flags: "--equalize", summary: "first make weights of neighbouring layers equally large" },
      { flags: "--correct-bias", summary: "make biases up for what rounding adds to means" },
      { flags: "--activations <dtype>", summary: "uint8 or int8; uint8 when absent" },
      { flags: "--symmetric", summary: "zero in the middle of every activation's range" },
      { flags: "--whole", summary: "inputs, results and all in between become integers" },
      { flags: "--examples <n>", summary: "examples to measure on at most", fallback: "512" },
      {
        flags: "--report [file]",
        summary: "show signal to noise of each tensor and layer, and write all as JSON",
      },
      { flags: "--backend <name>", summary: "what runs the examples", fallback: "auto" },
    ],
    load: () => import("../commands/model-quantize.ts"),
  },
  {
    words: ["model", "compare"],
    summary: "show two models side by side on the same examples",
    args: [
      { name: "model", summary: "an .onnx or .tflite file" },
      { name: "other", summary: "another one, with the same inputs and outputs" },
    ],
    options: [
      {
        flags: "--data <file>",
        summary:
          "examples, .safetensors or .npz, axis 0 counts them; target: int64 classes, or floats as the first output",
        required: true,
      },
      { flags: "--backend <name>", summary: "what runs both", fallback: "auto" },
    ],
    load: () => import("../commands/model-compare.ts"),
  },
];
