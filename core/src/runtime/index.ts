export type { Model } from "./model.ts";
export { openSession } from "./open.ts";
export type { RuntimeErrorCode } from "./runtime-errors.ts";
export type {
  Backend,
  Carry,
  Loop,
  LoopOptions,
  Session,
  SessionOptions,
} from "./session.ts";
