import { messageOf } from "../../platform/errors.ts";
import type { Backend } from "../session.ts";
import type { Availability } from "./probe.ts";
import { probeNative } from "./probe.ts";
import { probeGpu } from "./webgpu-device.ts";

/** What is known of a backend before it is opened. */
export type BackendRow = {
  /** The format that its engine reads; graphs are written in it. */
  readonly runs: "onnx" | "tflite";
  /** The package that brings it. */
  readonly package: string;
  /** The version that edgeloop is made for. */
  readonly version: string;
  /** Whether its runs take a number of threads. */
  readonly isThreaded: boolean;
  /** Finds out whether it works here, without risking this process. */
  readonly probe: (options: ProbeOptions) => Promise<Availability>;
};

/** How backends are probed. */
export type ProbeOptions = {
  /** Where crashes of native code are remembered. */
  readonly stateFile?: string;
};

const installed = (name: string): Promise<Availability> =>
  Promise.resolve().then((): Availability => {
    try {
      import.meta.resolve(name);
      return { kind: "available" };
    } catch (error) {
      return { kind: "unavailable", reason: `${name} is not installed (${messageOf(error)})` };
    }
  });

/** All backends, in the order in which they are shown and tried. */
export const backends: Readonly<Record<Backend, BackendRow>> = {
  wasm: {
    runs: "onnx",
    package: "onnxruntime-web",
    version: "1.30.0",
    isThreaded: true,
    probe: () => installed("onnxruntime-web"),
  },
  native: {
    runs: "onnx",
    package: "onnxruntime-node",
    version: "1.30.0",
    isThreaded: true,
    probe: (options) => probeNative(options),
  },
  webgpu: {
    runs: "onnx",
    package: "webgpu",
    version: "0.6.2",
    isThreaded: false,
    probe: probeGpu,
  },
  litert: {
    runs: "tflite",
    package: "@litertjs/core",
    version: "2.5.3",
    isThreaded: false,
    probe: () => installed("@litertjs/core"),
  },
  tflite: {
    runs: "tflite",
    package: "@tensorflow/tfjs-tflite",
    version: "0.0.1-alpha.10",
    isThreaded: false,
    probe: () => installed("@tensorflow/tfjs-tflite"),
  },
};

/** All names, in that order. */
export const backendNames: readonly Backend[] = Object.keys(backends) as Backend[];

/** The line that installs what a backend needs; no install script runs, nothing is compiled or downloaded on top. */
export const installLine = (backend: Backend): string =>
  `npm install --ignore-scripts ${backends[backend].package}@${backends[backend].version}`;
