import { storeContract } from "../store-contract.ts";
import { memoryStore } from "./memory-store.ts";

storeContract("a store in memory", {
  open: () => Promise.resolve(memoryStore()),
  reset: () => Promise.resolve(),
  durable: false,
});
