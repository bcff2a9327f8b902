import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { backendNames, backends, installLine } from "./backends.ts";

const manifest = JSON.parse(
  readFileSync(new URL("../../../package.json", import.meta.url), "utf8"),
);
const versions: Readonly<Record<string, string>> = {
  ...manifest.dependencies,
  ...manifest.peerDependencies,
};

test.for(backendNames)("%s installs in the version that edgeloop is made for", (backend) => {
  const { package: name, version } = backends[backend];
  expect(versions[name]).toBe(version);
  expect(installLine(backend)).toBe(`npm install --ignore-scripts ${name}@${version}`);
});

test.for(backendNames)("%s is there, or says why not", async (backend) => {
  const probe = await backends[backend].probe({});
  if (backend === "wasm") expect(probe.kind).toBe("available");
  if (probe.kind === "unavailable") expect(probe.reason).not.toBe("");
  else expect(probe).toEqual({ kind: "available" });
});
