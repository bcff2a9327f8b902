import { defineConfig } from "vitest/config";
import type { TestSpecification } from "vitest/node";
import { BaseSequencer } from "vitest/node";
import { softwareAdapter } from "./test/webgpu/software-adapter.ts";

const conditions = ["@edgeloop/source", "node", "import", "module", "default"];

/** Starts the whole demo, which takes as long as everything else, before everything else. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification): boolean => moduleId.endsWith("/demo.test.ts");
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

/** Unit tests of what happens once a process, such as the first load of a runtime. */
const alone = [
  "core/src/runtime/wasm-engine.test.ts",
  "core/src/runtime/node/compiled-wasm.test.ts",
];

// `unit` is what `npm run check` runs; the other projects join in `npm test`.
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    pool: "forks",
    execArgv: ["--conditions=@edgeloop/source"],
    sequence: { sequencer: LongestFirst },
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // What is waited for comes at once on an idle machine; a second was too short on one with other work.
    expect: { poll: { timeout: 30_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["*/src/**/*.test.ts"],
          exclude: alone,
          // Modules, and the runtimes' compiled code, are loaded once a process instead of once a file: half the time.
          isolate: false,
          unstubEnvs: true,
          unstubGlobals: true,
        },
      },
      { extends: true, test: { name: "alone", include: alone } },
      {
        extends: true,
        test: { name: "house", include: ["test/*.test.ts", "test/reference/**/*.test.ts"] },
      },
      { extends: true, test: { name: "browser", include: ["test/browser/**/*.test.ts"] } },
      {
        extends: true,
        test: {
          name: "webgpu",
          include: ["test/webgpu/**/*.test.ts"],
          // A process has to be started with it: the loader of libraries reads it once.
          env: softwareAdapter(),
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: "packaging",
          include: ["test/packaging/**/*.test.ts"],
          testTimeout: 600_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: "scenarios",
          include: ["test/scenarios/**/*.test.ts", "test/conformance/**/*.test.ts"],
          testTimeout: 300_000,
          // The demo waits more than it computes: the others fit beside it.
          maxWorkers: 2,
        },
      },
    ],
  },
});
