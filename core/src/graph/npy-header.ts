import { EdgeloopError } from "../platform/errors.ts";

/** What a `.npy` file says of its array. */
export type NpyHeader = {
  /** Byte order, kind and bytes of an element: `<f4`. */
  readonly descr: string;
  /** Whether the first axis moves fastest. */
  readonly isFortran: boolean;
  readonly shape: readonly number[];
};

type Literal =
  | { readonly kind: "text"; readonly value: string }
  | { readonly kind: "truth"; readonly value: boolean }
  | { readonly kind: "tuple"; readonly value: readonly number[] };

/** Quoted text without escapes, a word, a number (with the L of Python 2) or a sign. */
const tokenPattern = /\s*(?:'([^'\\]*)'|"([^"\\]*)"|(True|False)|(\d{1,16})L?|([{}():,]))/y;

type Token = { readonly kind: "text" | "word" | "number" | "sign"; readonly value: string };

/**
 * Parses the header of a `.npy` file: a Python dictionary of exactly `descr`, `fortran_order` and `shape`. Nothing
 * else of Python is understood, and nothing is evaluated.
 *
 * @throws `NPY_INVALID` for anything else, `NPY_UNSUPPORTED` for records, whose `descr` is a list.
 */
export function npyHeaderOf(text: string): NpyHeader {
  const found = dictionaryOf(tokensOf(text));
  const descr = found.get("descr");
  const order = found.get("fortran_order");
  const shape = found.get("shape");
  if (
    found.size !== 3 ||
    descr?.kind !== "text" ||
    order?.kind !== "truth" ||
    shape?.kind !== "tuple"
  ) {
    throw invalid("the header must have descr, fortran_order and shape, and nothing else");
  }
  return { descr: descr.value, isFortran: order.value, shape: shape.value };
}

function tokensOf(text: string): readonly Token[] {
  if (/'descr'\s*:\s*\[/.test(text)) {
    throw new EdgeloopError("NPY_UNSUPPORTED", "arrays of records are not read; save the fields");
  }
  const tokens: Token[] = [];
  const pattern = new RegExp(tokenPattern);
  const end = text.trimEnd().length;
  while (pattern.lastIndex < end) {
    const at = pattern.lastIndex;
    const match = pattern.exec(text);
    if (match === null) throw invalid("the header must be a Python dictionary", { at });
    tokens.push(tokenOf(match));
  }
  return tokens;
}

function tokenOf([, single, double, word, number, sign]: RegExpExecArray): Token {
  const quoted = single ?? double;
  if (quoted !== undefined) return { kind: "text", value: quoted };
  if (word !== undefined) return { kind: "word", value: word };
  if (number !== undefined) return { kind: "number", value: number };
  return { kind: "sign", value: sign ?? "" };
}

function dictionaryOf(tokens: readonly Token[]): ReadonlyMap<string, Literal> {
  const found = new Map<string, Literal>();
  let at = 0;
  const take = (): Token => {
    const token = tokens[at];
    at += 1;
    if (token === undefined) throw invalid("the header ends too early");
    return token;
  };
  const expect = (sign: string): void => {
    if (!isSign(take(), sign)) throw invalid(`the header lacks a "${sign}"`);
  };
  /** Takes a comma where one may end a list; tells whether the list goes on. */
  const goesOn = (close: string): boolean => {
    const token = take();
    if (isSign(token, close)) return false;
    if (!isSign(token, ",")) throw invalid(`the header lacks a "," or "${close}"`);
    if (!isSign(tokens[at], close)) return true;
    at += 1;
    return false;
  };
  const tuple = (): readonly number[] => {
    const values: number[] = [];
    if (isSign(tokens[at], ")")) {
      at += 1;
      return values;
    }
    do {
      const token = take();
      if (token.kind !== "number") throw invalid("shape must be a tuple of sizes");
      values.push(Number(token.value));
    } while (goesOn(")"));
    return values;
  };
  const literal = (): Literal => {
    const token = take();
    if (token.kind === "text") return { kind: "text", value: token.value };
    if (token.kind === "word") return { kind: "truth", value: token.value === "True" };
    if (isSign(token, "(")) return { kind: "tuple", value: tuple() };
    throw invalid("the header holds text, truth and tuples of sizes alone");
  };
  expect("{");
  do {
    const key = take();
    if (key.kind !== "text" || found.has(key.value)) {
      throw invalid("each key of the header must be text and stand once");
    }
    expect(":");
    found.set(key.value, literal());
  } while (goesOn("}"));
  if (at !== tokens.length) throw invalid("something follows the header's dictionary");
  return found;
}

const isSign = (token: Token | undefined, sign: string): boolean =>
  token?.kind === "sign" && token.value === sign;

const invalid = (message: string, details: object = {}): EdgeloopError =>
  new EdgeloopError("NPY_INVALID", message, { details: { ...details } });
