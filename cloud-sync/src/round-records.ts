import type { Name, Row, Sha256, Store } from "@edgeloop/core/platform";
import { fromUtf8, parseName, parseSha256 } from "@edgeloop/core/platform";
import type { Plan } from "./plan.ts";
import { parsePlan } from "./plan.ts";
import type { RoundRules } from "./round-events.ts";
import { parseRoundRules } from "./round-events.ts";

/** A round as it was planned; what happened in it stands in the journal. */
export type RoundRecord = {
  readonly round: Name;
  readonly attempt: number;
  readonly number: number;
  readonly campaign: Name;
  readonly plan: Plan;
  /** The plan's payload bytes, and their hash. */
  readonly planBytes: Uint8Array;
  readonly planHash: Sha256;
  readonly rules: RoundRules;
  /** Version of the code that planned it. */
  readonly code: string;
};

/** An update whose header was accepted and whose payload is on its way. */
export type Announced = {
  readonly round: Name;
  readonly attempt: number;
  readonly device: Name;
  readonly payload: { readonly sha256: Sha256; readonly bytes: number };
  readonly examples: number;
};

/** Rounds and announced updates in the ledger. */
export type RoundRecords = {
  /** Adds a round; one that is there already stays as it is. */
  add(record: RoundRecord, atUs: number): Promise<void>;
  all(): Promise<readonly RoundRecord[]>;
  /** Remembers an update's header; a later one of the same device and attempt replaces it. */
  announce(announced: Announced, envelope: Uint8Array): Promise<void>;
  /** Finds the announcements of a payload by a device: more than one when two rounds gave the same update. */
  announced(device: Name, payload: Sha256): Promise<readonly Announced[]>;
  /** Forgets an announcement whose payload turned out to be no update. */
  forget(announced: Announced): Promise<void>;
};

/** Opens the rounds of a ledger. */
export function openRoundRecords(store: Store): RoundRecords {
  return {
    async add({ round, attempt, number, campaign, planBytes, planHash, rules, code }, atUs) {
      await store.commit([
        {
          sql: `INSERT INTO round
            (round, attempt, campaign, number, plan_hash, plan, rules, code, opened_us)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (round, attempt) DO NOTHING`,
          params: [
            round,
            attempt,
            campaign,
            number,
            planHash,
            planBytes,
            JSON.stringify(rules),
            code,
            atUs,
          ],
        },
      ]);
    },
    async all() {
      return (await store.query("SELECT * FROM round ORDER BY opened_us, round, attempt")).map(
        recordOf,
      );
    },
    async announce({ round, attempt, device, payload, examples }, envelope) {
      await store.commit([
        {
          sql: `INSERT INTO announced (round, attempt, device, payload, bytes, examples, envelope)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (round, attempt, device) DO UPDATE SET payload = excluded.payload,
            bytes = excluded.bytes, examples = excluded.examples, envelope = excluded.envelope`,
          params: [round, attempt, device, payload.sha256, payload.bytes, examples, envelope],
        },
      ]);
    },
    async announced(device, payload) {
      const rows = await store.query(
        "SELECT * FROM announced WHERE device = ? AND payload = ? ORDER BY round, attempt",
        [device, payload],
      );
      return rows.map(announcedOf);
    },
    async forget({ round, attempt, device }) {
      await store.commit([
        {
          sql: "DELETE FROM announced WHERE round = ? AND attempt = ? AND device = ?",
          params: [round, attempt, device],
        },
      ]);
    },
  };
}

function recordOf(row: Row): RoundRecord {
  const planBytes = row["plan"] instanceof Uint8Array ? row["plan"] : new Uint8Array();
  return {
    round: parseName(row["round"]),
    attempt: Number(row["attempt"]),
    number: Number(row["number"]),
    campaign: parseName(row["campaign"]),
    plan: parsePlan(JSON.parse(fromUtf8(planBytes))),
    planBytes,
    planHash: parseSha256(row["plan_hash"]),
    rules: parseRoundRules(JSON.parse(String(row["rules"]))),
    code: String(row["code"]),
  };
}

const announcedOf = (row: Row): Announced => ({
  round: parseName(row["round"]),
  attempt: Number(row["attempt"]),
  device: parseName(row["device"]),
  payload: { sha256: parseSha256(row["payload"]), bytes: Number(row["bytes"]) },
  examples: Number(row["examples"]),
});
