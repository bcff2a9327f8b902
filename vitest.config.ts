import { defineConfig } from "vitest/config";

const conditions = ["@edgeloop/source", "node", "import", "module", "default"];

// `unit` is what `npm run check` runs; the other projects join in `npm test`.
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    pool: "forks",
    execArgv: ["--conditions=@edgeloop/source"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // What is waited for comes at once on an idle machine; a second was too short on one with other work.
    expect: { poll: { timeout: 30_000 } },
    projects: [
      { extends: true, test: { name: "unit", include: ["*/src/**/*.test.ts"] } },
      {
        extends: true,
        test: { name: "house", include: ["test/*.test.ts", "test/reference/**/*.test.ts"] },
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
          fileParallelism: false,
        },
      },
    ],
  },
});
