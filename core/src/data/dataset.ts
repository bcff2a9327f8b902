import { EdgeloopError } from "../platform/errors.ts";
import type { Recording } from "./recording.ts";

/** Attribute values that a recording must have; of several values any. */
export type Where = Readonly<Record<string, string | readonly string[]>>;

type Described = { readonly recording: Pick<Recording, "attributes"> };

/**
 * Keeps the recordings whose attributes are as asked.
 *
 * @throws `ATTRIBUTE_UNKNOWN` when no recording has such an attribute, `DATASET_EMPTY` when none is left.
 */
export function selectRecordings<T extends Described>(
  recordings: readonly T[],
  where: Where,
): readonly T[] {
  for (const name of Object.keys(where)) checkAttribute(recordings, name);
  const selected = recordings.filter(({ recording }) =>
    Object.entries(where).every(([name, wanted]) => {
      const value = recording.attributes[name];
      return value !== undefined && [wanted].flat().includes(value);
    }),
  );
  if (selected.length > 0) return selected;
  throw new EdgeloopError("DATASET_EMPTY", "no recording has these attributes", {
    details: { where },
  });
}

/**
 * Groups recordings by an attribute's value, values in ascending order.
 *
 * @throws `ATTRIBUTE_UNKNOWN` when no recording has it, `ATTRIBUTE_MISSING` when some lack it.
 */
export function groupRecordings<T extends Described>(
  recordings: readonly T[],
  attribute: string,
): ReadonlyMap<string, readonly T[]> {
  checkAttribute(recordings, attribute);
  const groups = Map.groupBy(recordings, ({ recording }) => {
    const value = recording.attributes[attribute];
    if (value !== undefined) return value;
    throw new EdgeloopError("ATTRIBUTE_MISSING", `some recordings have no ${attribute}`, {
      details: { attribute, has: recording.attributes },
    });
  });
  return new Map([...groups].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function checkAttribute(recordings: readonly Described[], name: string): void {
  const known = new Set(recordings.flatMap(({ recording }) => Object.keys(recording.attributes)));
  if (known.has(name)) return;
  const names = [...known].toSorted();
  throw new EdgeloopError(
    "ATTRIBUTE_UNKNOWN",
    `no recording has the attribute ${name}; there are: ${names.join(", ")}`,
    { details: { attribute: name, known: names } },
  );
}

/**
 * Reads conditions as they are typed, `name=value`; a name given twice accepts either value.
 *
 * @throws `CONDITION_INVALID`
 * @example
 * parseWhere(["device=sp", "subject=s01", "subject=s02"]); // => { device: ["sp"], subject: ["s01", "s02"] }
 */
export function parseWhere(conditions: readonly string[]): Where {
  const where = new Map<string, string[]>();
  for (const condition of conditions) {
    const equals = condition.indexOf("=");
    if (equals < 1) {
      throw new EdgeloopError("CONDITION_INVALID", "a condition is written name=value", {
        details: { condition },
      });
    }
    const name = condition.slice(0, equals);
    where.set(name, [...(where.get(name) ?? []), condition.slice(equals + 1)]);
  }
  return Object.fromEntries(where);
}
