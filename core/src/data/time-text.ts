/** How a column of times is written: a number since the Unix epoch, or ISO 8601. */
export type TimeUnit = "s" | "ms" | "us" | "iso";

const microseconds: Record<Exclude<TimeUnit, "iso">, number> = { s: 1e6, ms: 1e3, us: 1 };

const iso =
  /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2}):(\d{2})(?:[.,](\d{1,9}))?\s*(Z|([+-])(\d{2}):?(\d{2}))?$/;

/**
 * Reads a time.
 *
 * ISO 8601 without an offset is taken as UTC.
 *
 * @returns Integer microseconds UTC, `undefined` when the text is no such time.
 * @example
 * parseTime("1970-01-01T01:00:00.5+01:00", "iso"); // => 500000
 */
export function parseTime(text: string, unit: TimeUnit): number | undefined {
  if (unit === "iso") return parseIso(text.trim());
  const number = text.trim() === "" ? Number.NaN : Number(text);
  const timeUs = Math.round(number * microseconds[unit]);
  return Number.isSafeInteger(timeUs) ? timeUs : undefined;
}

function parseIso(text: string): number | undefined {
  const match = iso.exec(text);
  if (!match) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as Six;
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const fractionUs = Math.round(Number(`0.${match[7] ?? "0"}`) * 1e6);
  const offsetMinutes = Number(match[10] ?? 0) * 60 + Number(match[11] ?? 0);
  const minutes = hour * 60 + minute - (match[9] === "-" ? -offsetMinutes : offsetMinutes);
  const seconds = daysSinceEpoch(year, month, day) * 86_400 + minutes * 60 + second;
  return seconds * 1e6 + fractionUs;
}

type Six = [number, number, number, number, number, number];

const isLeap = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;

const daysIn = (year: number, month: number): number =>
  month === 2 ? 28 + Number(isLeap(year)) : 30 + ((month + Number(month > 7)) % 2);

/** Days of the proleptic Gregorian calendar. */
function daysSinceEpoch(year: number, month: number, day: number): number {
  // Counted from 1 March, so that the leap day is a year's last.
  const y = month > 2 ? year : year - 1;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  const leapDays = Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400);
  return y * 365 + leapDays + dayOfYear - 719_468;
}
