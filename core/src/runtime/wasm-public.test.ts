import { sessionContract } from "../testing/session-contract.ts";
import { encodeModel } from "./model.ts";
import { openWasmPublic } from "./wasm-public.ts";

sessionContract("wasm-public", (model) => openWasmPublic(encodeModel(model), { threads: 1 }));
