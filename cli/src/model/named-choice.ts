import { EdgeloopError } from "@edgeloop/core/platform";

/** A choice and its numbers: `huber:delta=2` is `huber` with a delta of 2; a name alone counts as 1. */
export type NamedChoice = {
  readonly name: string;
  readonly numbers: Readonly<Record<string, number>>;
};

/**
 * Reads `name`, or `name:key=number,key=number`.
 *
 * @param what The option that is read, for messages.
 * @param allowed Keys by name of each choice.
 * @throws `USAGE` naming what there is.
 * @example
 * readNamedChoice("--loss", "huber:delta=2", { huber: ["delta"] }); // => { name: "huber", numbers: { delta: 2 } }
 */
export function readNamedChoice(
  what: string,
  text: string,
  allowed: Readonly<Record<string, readonly string[]>>,
): NamedChoice {
  const [name = "", ...rest] = text.split(":");
  const keys = Object.hasOwn(allowed, name) ? allowed[name] : undefined;
  if (keys === undefined) {
    throw usage(`${what} must be one of ${Object.keys(allowed).join(", ")}, not "${name}"`);
  }
  const pairs = rest.join(":").split(",").filter(Boolean);
  return {
    name,
    numbers: Object.fromEntries(
      pairs.map((pair) => {
        const [key = "", value = "1"] = pair.split("=");
        if (!keys.includes(key)) {
          throw usage(`${what} ${name} takes ${keys.join(", ") || "no numbers"}, not "${key}"`);
        }
        const number = value.trim() === "" ? Number.NaN : Number(value);
        if (Number.isFinite(number)) return [key, number];
        throw usage(`${what} ${name}: ${key} must be a number, not "${value}"`);
      }),
    ),
  };
}

const usage = (message: string): EdgeloopError => new EdgeloopError("USAGE", message);
