export { operators, run } from "./interpreter.ts";
