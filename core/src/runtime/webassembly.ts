/** What is in use of `WebAssembly`; its types come with the DOM's, which Node's code is checked without. */
export type Wasm = {
  compile(bytes: Uint8Array): Promise<object>;
  validate(bytes: Uint8Array): boolean;
  readonly Instance: new (compiled: object, imports: object) => { readonly exports: object };
};

/** The JavaScript engine's WebAssembly. */
export const wasm: Wasm = (globalThis as unknown as { readonly WebAssembly: Wasm }).WebAssembly;
