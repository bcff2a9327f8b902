// What a linter cannot hold: the house rules of ARCHITECTURE.md, as tests over the sources.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { arrows, coreOrder, filesOf, importsOf, root, sources } from "./source-files.ts";

const files = sources();
const code = (text: string): string =>
  text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/^\s*\/\/.*$/gm, "");
/** Nothing but types, imports and re-exports stands at the start of a line. */
const isTypesOnly = (text: string): boolean =>
  !/^(export\s+)?(async\s+)?(abstract\s+)?(const|let|function\*?|class|for|if|await)\b/m.test(
    code(text),
  );
const violations = (check: (file: { path: string; text: string }) => readonly string[]): string[] =>
  files.flatMap((file) => check(file).map((what) => `${file.path}: ${what}`));

describe("arrows", () => {
  test("packages depend on exactly the packages that the table allows them", () => {
    for (const [name, allowed] of Object.entries(arrows)) {
      const manifest = JSON.parse(readFileSync(join(root, name, "package.json"), "utf8"));
      const ours = Object.keys(manifest.dependencies ?? {})
        .filter((dependency) => dependency.startsWith("@edgeloop/"))
        .map((dependency) => dependency.replace("@edgeloop/", ""));
      expect(ours.toSorted(), name).toEqual(allowed.toSorted());
    }
  });

  test("every dependency is imported by its package, and declared by who imports it", () => {
    for (const [name] of Object.entries(arrows)) {
      const manifest = JSON.parse(readFileSync(join(root, name, "package.json"), "utf8"));
      const declared = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies });
      const used = new Set(
        files
          .filter(({ path }) => path.startsWith(`${name}/`))
          .flatMap(({ text }) => importsOf(text))
          .map((specifier) =>
            specifier
              .split("/")
              .slice(0, specifier.startsWith("@") ? 2 : 1)
              .join("/"),
          ),
      );
      expect(
        declared.filter((dependency) => !used.has(dependency)),
        name,
      ).toEqual([]);
    }
  });

  test("sources import only what their package may", () => {
    expect(
      violations(({ path, text }) => {
        const [owner = ""] = path.split("/");
        const allowed = arrows[owner] ?? [];
        return importsOf(text)
          .filter((name) => name.startsWith("@edgeloop/"))
          .filter((name) => !allowed.includes(name.split("/")[1] ?? ""))
          .filter((name) => name.split("/")[1] !== owner);
      }),
    ).toEqual([]);
  });

  test("folders of core import only those before them", () => {
    expect(
      violations(({ path, text }) => {
        const [owner, , folder = ""] = path.split("/");
        const rank = coreOrder.indexOf(folder);
        if (owner !== "core" || rank < 0) return [];
        return importsOf(text)
          .filter((name) => name.startsWith("."))
          .map((name) => join(dirname(path), name).split("/")[2] ?? "")
          .filter((other) => coreOrder.indexOf(other) > rank);
      }),
    ).toEqual([]);
  });

  test("portable code does not reach into node folders", () => {
    expect(
      violations(({ path, text }) => {
        if (path.includes("/node/") || path.startsWith("cli/") || path.includes("testing"))
          return [];
        return importsOf(text).filter((name) => /\/node(\/|$)/.test(name));
      }),
    ).toEqual([]);
  });
});

/** Modules that run only in a process or page of their own, and the tests that start those. */
const coveredElsewhere: Readonly<Record<string, string>> = {
  "cli/src/demo/scene.ts": "test/scenarios/demo.test.ts",
  "cli/src/demo/stations.ts": "test/scenarios/demo.test.ts",
  "cli/src/demo/fleet/gateway-member.ts": "test/scenarios/demo.test.ts",
  "cli/src/demo/fleet/pump-station.ts": "test/scenarios/demo.test.ts",
  "cli/src/demo/report/page.ts": "cli/src/demo/report/report-html.test.ts",
};
const neighbourOf = (path: string): string => path.replace(/\.ts$/, ".test.ts");
const isTesting = (path: string): boolean => /(^|\/)testing(\.ts|\/)/.test(path);

describe("files", () => {
  test("each source has a neighbour test, unless it holds types or re-exports alone", () => {
    expect(
      violations(({ path, text }) => {
        const name = path.split("/").at(-1) ?? "";
        if (name === "index.ts" || isTypesOnly(text) || isTesting(path)) return [];
        const covering = coveredElsewhere[path] ?? neighbourOf(path);
        return existsSync(join(root, covering)) ? [] : ["no neighbour test"];
      }),
    ).toEqual([]);
  });

  test("what is covered elsewhere is there, and has no neighbour test after all", () => {
    const needless = Object.keys(coveredElsewhere).filter(
      (path) =>
        !files.some((file) => file.path === path) || existsSync(join(root, neighbourOf(path))),
    );
    expect(needless).toEqual([]);
  });

  test("each source is reached from another module, an export map or a command", () => {
    const manifests = filesOf("*/package.json", "*/bin/*.js", "test/**/*.ts").map(
      ({ text }) => text,
    );
    const reachedFrom = ({ path, text }: (typeof files)[number]): readonly string[] => {
      // A page's script is read as text and sent to a browser.
      const read = [...text.matchAll(/join\(here, "([^"]+)"\)/g)].map((match) => `./${match[1]}`);
      return [...importsOf(text), ...read]
        .filter((name) => name.startsWith("."))
        .map((name) => join(dirname(path), name));
    };
    const tests = filesOf("*/src/**/*.test.ts").flatMap(reachedFrom).filter(isTesting);
    const reached = new Set([...files.flatMap(reachedFrom), ...tests]);
    expect(
      violations(({ path }) => {
        const inside = path.split("/").slice(1).join("/");
        const named = manifests.some((text) => text.includes(`./${inside}`) || text.includes(path));
        return reached.has(path) || named || inside === "src/main.ts"
          ? []
          : ["imported by nothing"];
      }),
    ).toEqual([]);
  });

  test("no file is empty, and the sources' size is known", () => {
    const lines = files.reduce((sum, { text }) => sum + text.split("\n").length - 1, 0);
    const sizes = files.map(({ text }) => text.split("\n").length).toSorted((a, b) => a - b);
    console.log(
      `sources: ${files.length} files, ${lines} lines, median ${sizes[sizes.length >> 1]}`,
    );
    expect(files.filter(({ text }) => text.trim() === "").map(({ path }) => path)).toEqual([]);
  });
});

describe("habits", () => {
  test("chance and time come as arguments outside node folders", () => {
    expect(
      violations(({ path, text }) => {
        if (path.includes("/node/") || path.startsWith("cli/")) return [];
        return code(text).match(/Math\.random|performance\.now|Date\.now/g) ?? [];
      }),
    ).toEqual([]);
  });

  test("numbers of time, size and age carry their unit in the name", () => {
    const field =
      /\b(\w*(?:[tT]imeout|[iI]nterval|[sS]ize|[aA]ge|[dD]elay|[dD]uration))\??: number\b/g;
    const allowed =
      /(^|[a-z])(batchSize|size|image|message|page|usage|storage|average|coverage|voltage)$/i;
    expect(
      violations(({ text }) =>
        [...code(text).matchAll(field)].flatMap((match) =>
          allowed.test(match[1] ?? "") ? [] : [`${match[1]} has no unit`],
        ),
      ),
    ).toEqual([]);
  });

  test("a TODO names its issue and an ignored rule its reason", () => {
    expect(
      violations(({ text }) => [
        ...(text.match(/TODO(?!\(#\d+\)).*/g) ?? []),
        ...(text.match(/biome-ignore [\w/]+:?\s*$/gm) ?? []),
        ...(text.match(/@ts-(ignore|nocheck).*/g) ?? []),
      ]),
    ).toEqual([]);
  });

  test("a code that a docstring promises is a code that the sources know", () => {
    const all = files.map(({ text }) => text).join("\n");
    expect(
      violations(({ text }) =>
        [...text.matchAll(/@throws([^@]*?)(?:\*\/|\* @)/g)].flatMap((block) =>
          [...(block[1] ?? "").matchAll(/`([A-Z][A-Z0-9_]+)`/g)].flatMap((match) => {
            const known = all.includes(`"${match[1]}"`);
            return known ? [] : [`@throws ${match[1]} is thrown nowhere`];
          }),
        ),
      ),
    ).toEqual([]);
  });

  test("texts of the project speak of the project alone", () => {
    const texts = filesOf("*.md", "docs/**/*.md", "*/README.md", "*/src/**/*.ts", "test/**/*.ts");
    const banned = new RegExp(
      ["/wor", "/roo", "regis", "deb\\.deb"]
        .map((start, at) => start + ["k/", "t/", "try\\.npm", "ian"][at])
        .join("|"),
    );
    expect(texts.filter(({ text }) => banned.test(text)).map(({ path }) => path)).toEqual([]);
  });
});
