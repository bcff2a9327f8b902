import { EdgeloopError } from "../platform/errors.ts";

/** Reads attributes from a file's path. */
export type PathPattern = {
  /**
   * Matches a path relative to the folder that is imported, with `/` between its parts.
   *
   * @returns The attributes, `undefined` when the path is not of this form.
   * @throws `PATH_DISAGREES` when one name stands for two different texts.
   */
  attributesOf(path: string): Readonly<Record<string, string>> | undefined;
};

/**
 * Builds a pattern from text in which `{name}` stands for a piece of the path without `/`.
 *
 * A name may stand more than once; it must then stand for the same text.
 *
 * @throws `PATH_PATTERN_INVALID` when a brace is not closed or a name is no word.
 * @example
 * pathPattern("{subject}/{subject}_{run}.csv").attributesOf("s01/s01_7.csv"); // => { subject: "s01", run: "7" }
 */
export function pathPattern(pattern: string): PathPattern {
  const pieces = pattern.split(/\{([^{}]*)\}/);
  const names = pieces.filter((_, index) => index % 2 === 1);
  const fixed = pieces.filter((_, index) => index % 2 === 0);
  if (fixed.some((text) => /[{}]/.test(text)) || !names.every((name) => /^\w+$/.test(name))) {
    throw new EdgeloopError(
      "PATH_PATTERN_INVALID",
      "a pattern is a path with {name} for its variable pieces, such as {subject}/{run}.csv",
      { details: { pattern } },
    );
  }
  const source = fixed.map(RegExp.escape);
  const build = (piece: (name: string, index: number) => string): RegExp =>
    new RegExp(
      `^${source.map((text, i) => text + (i < names.length ? piece(names[i] ?? "", i) : "")).join("")}$`,
    );
  // A repeated name must stand for the same text, which also decides how ambiguous pieces are cut.
  const strict = build((name, index) =>
    names.indexOf(name) === index ? `(?<${group(name)}>[^/]+?)` : `\\k<${group(name)}>`,
  );
  const loose = build(() => "[^/]+?");
  return {
    attributesOf(path) {
      const match = strict.exec(path);
      if (match) return Object.fromEntries(names.map((n) => [n, match.groups?.[group(n)] ?? ""]));
      if (!loose.test(path)) return undefined;
      throw new EdgeloopError("PATH_DISAGREES", `${path} gives one name two values`, {
        details: { path, pattern },
      });
    },
  };
}

// A group's name may not begin with a digit, an attribute's may.
const group = (name: string): string => `_${name}`;
