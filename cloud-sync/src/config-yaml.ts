import { EdgeloopError } from "@edgeloop/core/platform";
import type { Document } from "yaml";
import { isNode, LineCounter, parseDocument } from "yaml";
import type { z } from "zod";

/** Longest configuration file that is read. */
export const configBytesMax: number = 1024 * 1024;

type Issue = {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** Fields that nobody reads. */
  readonly keys?: readonly PropertyKey[];
  readonly errors?: readonly (readonly Issue[])[];
};

/** What was read, and how a later check refuses a field of it. */
export type ParsedYaml<T> = {
  readonly data: T;
  /** The refusal of one field, with its line. */
  refuse(path: readonly PropertyKey[], expected: string, cause?: unknown): EdgeloopError;
};

/**
 * Reads YAML against a schema; an error names file, line, field and what was expected.
 *
 * @throws `CONFIG_INVALID` on YAML that cannot be read and on the first field that is not as the schema says.
 */
export function parseYaml<T>(
  text: string,
  { file, schema }: { readonly file: string; readonly schema: z.ZodType<T> },
): ParsedYaml<T> {
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
  const refuse: ParsedYaml<T>["refuse"] = (path, expected, cause) =>
    invalid({ file, line: lineOf(document, lines, path), field: fieldOf(path), expected }, cause);
  if (parsed.success) return { data: parsed.data, refuse };
  const issue = deepest(parsed.error.issues[0] ?? { path: [], message: "a valid file" });
  const stray = issue.keys?.slice(0, 1) ?? [];
  if (stray.length > 0) throw refuse([...issue.path, ...stray], "no field of this name");
  throw refuse(issue.path, issue.message);
}

/** The line of a field, or of what should hold it. */
function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true);
    const start = isNode(node) ? node.range?.[0] : undefined;
    if (start !== undefined) return lines.linePos(start).line;
  }
  return 1;
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
