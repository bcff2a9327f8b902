// The script of the test's page: what it offers to whoever drives the tab.
import type { Learned } from "./learn.ts";
import { learn } from "./learn.ts";

/** Runs in the tab on a file that its server has. */
const runLearn = async (url: string): Promise<Learned> => {
  const response = await fetch(url);
  return await learn(new Uint8Array(await response.arrayBuffer()));
};

Reflect.set(globalThis, "runLearn", runLearn);
