import { sessionContract } from "../testing/session-contract.ts";
import { encodeModel } from "./model.ts";
import { openWasm } from "./wasm.ts";

sessionContract("wasm", (model) => openWasm(encodeModel(model), { threads: 1 }));
