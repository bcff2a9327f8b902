import { sessionContract } from "../../testing/session-contract.ts";
import { encodeModel } from "../model.ts";
import { openNative } from "./native.ts";

sessionContract("native", (model) => openNative(encodeModel(model), {}));
