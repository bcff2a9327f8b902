// The Emscripten module inside onnxruntime-web, which the package exports without types. Internal to that package:
// its version is pinned, and wasm-parity.test.ts compares it with the public API.
declare module "onnxruntime-web/ort-wasm-simd-threaded.mjs" {
  /** Addresses are byte offsets into the module's heap; functions that return `status` return 0 for success. */
  export type OrtModule = {
    readonly HEAPU8: Uint8Array;
    readonly HEAP32: Int32Array;
    readonly HEAPU32: Uint32Array;
    getValue(address: number, type: "i8" | "i32" | "*"): number;
    stackSave(): number;
    stackRestore(stack: number): void;
    stackAlloc(bytes: number): number;
    UTF8ToString(address: number): string;
    stringToUTF8(text: string, address: number, bytesMax: number): void;
    lengthBytesUTF8(text: string): number;
    _malloc(bytes: number): number;
    _free(address: number): void;
    _OrtInit(threads: number, severity: number): number;
    _OrtGetLastError(code: number, text: number): void;
    _OrtCreateSessionOptions(...options: readonly (number | boolean)[]): number;
    _OrtAddSessionConfigEntry(options: number, key: number, value: number): number;
    _OrtReleaseSessionOptions(options: number): number;
    _OrtCreateSession(model: number, bytes: number, options: number): number | Promise<number>;
    _OrtReleaseSession(session: number): number;
    _OrtGetInputOutputCount(session: number, inputs: number, outputs: number): number;
    _OrtGetInputOutputMetadata(session: number, index: number, name: number, type: number): number;
    _OrtFree(address: number): number;
    _OrtCreateTensor(...tensor: readonly number[]): number;
    _OrtGetTensorData(...addresses: readonly number[]): number;
    _OrtReleaseTensor(tensor: number): number;
    _OrtRun(...run: readonly number[]): number;
  };
  export type OrtModuleOptions = {
    readonly numThreads: number;
    /** Instantiates the code in place of the module's own loader; `object` where `WebAssembly`'s types may be absent. */
    readonly instantiateWasm?: (
      imports: object,
      done: (instance: object, module: object) => void,
    ) => void;
  };
  const factory: (options: OrtModuleOptions) => Promise<OrtModule>;

  // biome-ignore lint/style/noDefaultExport: it describes a module that has one
  export { factory as default };
}
