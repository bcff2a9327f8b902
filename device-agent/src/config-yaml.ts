import { EdgeloopError } from "@edgeloop/core/platform";
import type { Document } from "yaml";
import { isNode, LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { configBytesMax } from "./limits.ts";

type Issue = {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly errors?: readonly (readonly Issue[])[];
};

/**
 * Reads YAML against a schema; an error names file, line, field and what was expected.
 *
 * @throws `CONFIG_INVALID` on YAML that cannot be read and on the first field that is not as the schema says.
 */
export function parseYaml<T>(
  text: string,
  { file, schema }: { readonly file: string; readonly schema: z.ZodType<T> },
): T {
  if (text.length > configBytesMax) {
    throw invalid({ file, line: 1, field: "", expected: `at most ${configBytesMax} bytes` });
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const broken = document.errors[0];
  if (broken) {
    const line = lines.linePos(broken.pos[0]).line;
    throw invalid({ file, line, field: "", expected: `YAML: ${broken.message.split("\n")[0]}` });
  }
  const parsed = schema.safeParse(plainOf(document, file));
  if (parsed.success) return parsed.data;
  const issue = deepest(parsed.error.issues[0] ?? { path: [], message: "a valid file" });
  return refuse(issue, (path) => {
    const node = document.getIn(path, true);
    const start = isNode(node) ? node.range?.[0] : undefined;
    return start === undefined ? undefined : lines.linePos(start).line;
  });

  function refuse(
    found: Issue,
    lineOf: (path: readonly PropertyKey[]) => number | undefined,
  ): never {
    let line: number | undefined;
    for (let length = found.path.length; length >= 0 && line === undefined; length -= 1) {
      line = lineOf(found.path.slice(0, length));
    }
    throw invalid({ file, line: line ?? 1, field: fieldOf(found.path), expected: found.message });
  }
}

// An alias may repeat a value exponentially; nothing in our files needs one.
function plainOf(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 });
  } catch (cause) {
    throw invalid({ file, line: 1, field: "", expected: "YAML without aliases" }, cause);
  }
}

/** In a union the branch that got furthest says what was meant. */
function deepest(issue: Issue): Issue {
  const inner = (issue.errors ?? []).flatMap((branch) => branch.slice(0, 1));
  const furthest = inner.toSorted((a, b) => b.path.length - a.path.length)[0];
  return furthest === undefined
    ? issue
    : deepest({ ...furthest, path: [...issue.path, ...furthest.path] });
}

const fieldOf = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((field, key) => {
    if (typeof key === "number") return `${field}[${key}]`;
    return field === "" ? String(key) : `${field}.${String(key)}`;
  }, "");

type Place = {
  readonly file: string;
  readonly line: number;
  readonly field: string;
  readonly expected: string;
};

function invalid(details: Place, cause?: unknown): EdgeloopError {
  const where = details.field === "" ? "" : ` ${details.field}:`;
  return new EdgeloopError(
    "CONFIG_INVALID",
    `${details.file}:${details.line}:${where} expected ${lower(details.expected)}`,
    { details, cause },
  );
}

/** zod writes "Invalid input: expected number, received string". */
const lower = (message: string): string =>
  message.replace(/^Invalid input: expected /, "").replace(/^Invalid (\w+)/, "a valid $1");
