import type { Name, Row, Sha256, Store } from "@edgeloop/core/platform";
import { EdgeloopError, parseName, parseSha256 } from "@edgeloop/core/platform";
import type { EnrolmentLedger } from "./enrolment.ts";
import type { EnrolmentRecord } from "./enrolment-token.ts";
import type { DeviceEvent } from "./fleet-messages.ts";
import type { VerifyKey } from "./keys.ts";
import { importPublicKey } from "./keys.ts";
import { ledgerFormat, ledgerSchema } from "./ledger-schema.ts";

/** A device as the ledger knows it. */
export type DeviceRecord = {
  readonly device: Name;
  readonly publicKey: Uint8Array;
  readonly enrolledUs: number;
  readonly revoked?: { readonly atUs: number; readonly reason: string };
};

/** A release as the ledger knows it. */
export type ReleaseRecord = {
  readonly manifest: Sha256;
  readonly line: Name;
  readonly version: number;
  readonly target: string;
  readonly rollout: Name;
  readonly campaign?: Name;
};

/** An event as the ledger keeps it. */
export type EventRecord = Omit<DeviceEvent, "format" | "fleet">;

/** What the coordinator remembers beside the journal; every promise resolves once the change is on disk. */
export type Ledger = EnrolmentLedger & {
  addToken(record: EnrolmentRecord): Promise<void>;
  /**
   * Adds a device, or finds it there with the same key.
   *
   * @throws `DEVICE_NAME_TAKEN` by another key, `DEVICE_KEY_TAKEN` by another name, `DEVICE_REVOKED`
   */
  addDevice(device: Name, key: VerifyKey, atUs: number): Promise<void>;
  device(device: Name): Promise<DeviceRecord | undefined>;
  /** Finds the device of a key, revoked ones too. */
  deviceWith(publicKey: Uint8Array): Promise<DeviceRecord | undefined>;
  devices(): Promise<readonly DeviceRecord[]>;
  /** Revokes for good; false when there is no such device. */
  revoke(device: Name, reason: string, atUs: number): Promise<boolean>;
  /**
   * Reads a device's key.
   *
   * @throws `DEVICE_REVOKED`
   */
  keyOf(device: Name): Promise<VerifyKey | undefined>;
  /** Records an event; false when it was there before. */
  addEvent(event: DeviceEvent, receivedUs: number): Promise<boolean>;
  /** Reads a device's newest events, newest first. */
  eventsOf(device: Name, countMax: number): Promise<readonly EventRecord[]>;
  addRelease(release: ReleaseRecord, atUs: number): Promise<void>;
  /** Releases of a line, oldest first. */
  releases(line: Name): Promise<readonly ReleaseRecord[]>;
};

/**
 * Opens the ledger, making its tables where they are missing.
 *
 * @throws `FORMAT_UNSUPPORTED` when a later version of the code made them.
 */
export async function openLedger(store: Store): Promise<Ledger> {
  await store.commit(ledgerSchema);
  const [row] = await store.query("SELECT max(format) AS format FROM ledger");
  const format = Number(row?.["format"] ?? 0);
  if (format > ledgerFormat) {
    throw new EdgeloopError(
      "FORMAT_UNSUPPORTED",
      `this version reads ledgers of format ${ledgerFormat}; update it to read format ${format}`,
      { details: { format } },
    );
  }
  if (format === 0) {
    await store.commit([{ sql: "INSERT INTO ledger (format) VALUES (?)", params: [ledgerFormat] }]);
  }
  return { ...tokens(store), ...devices(store), ...events(store), ...releases(store) };
}

type Tokens = Pick<Ledger, "addToken" | "find" | "redeem">;
type Devices = Pick<Ledger, "addDevice" | "device" | "deviceWith" | "devices" | "revoke" | "keyOf">;

function tokens(store: Store): Tokens {
  return {
    async addToken({ tokenId, macKey, fleet, expiresUs }) {
      await store.commit([
        {
          sql: "INSERT INTO token (token, mac_key, fleet, expires_us) VALUES (?, ?, ?, ?)",
          params: [tokenId, macKey, fleet, expiresUs],
        },
      ]);
    },
    async find(tokenId) {
      const [row] = await store.query("SELECT * FROM token WHERE token = ?", [tokenId]);
      if (row === undefined) return undefined;
      return {
        tokenId,
        macKey: bytesOf(row, "mac_key"),
        fleet: parseName(row["fleet"]),
        expiresUs: Number(row["expires_us"]),
      };
    },
    async redeem(tokenId, keyId) {
      const [changed] = await store.commit([
        {
          sql: "UPDATE token SET key_id = ? WHERE token = ? AND (key_id IS NULL OR key_id = ?)",
          params: [keyId, tokenId, keyId],
        },
      ]);
      return changed === 1;
    },
  };
}

function devices(store: Store): Devices {
  const find = async (device: Name): Promise<DeviceRecord | undefined> => {
    const [row] = await store.query("SELECT * FROM device WHERE device = ?", [device]);
    return row === undefined ? undefined : deviceOf(row);
  };
  return {
    device: find,
    async deviceWith(publicKey) {
      const [row] = await store.query("SELECT * FROM device WHERE public_key = ?", [publicKey]);
      return row === undefined ? undefined : deviceOf(row);
    },
    async addDevice(device, key, atUs) {
      await store.commit([
        {
          sql: `INSERT INTO device (device, public_key, enrolled_us) VALUES (?, ?, ?)
            ON CONFLICT DO NOTHING`,
          params: [device, key.raw, atUs],
        },
      ]);
      const known = await find(device);
      if (known === undefined) throw keyTaken(device);
      if (known.revoked) throw revoked(device);
      if (known.publicKey.toString() !== key.raw.toString()) {
        throw new EdgeloopError(
          "DEVICE_NAME_TAKEN",
          "another device has this name; choose another one, or revoke that device first",
          { details: { device } },
        );
      }
    },
    async devices() {
      return (await store.query("SELECT * FROM device ORDER BY device")).map(deviceOf);
    },
    async revoke(device, reason, atUs) {
      const [changed] = await store.commit([
        {
          sql: `UPDATE device SET revoked_us = coalesce(revoked_us, ?), reason = coalesce(reason, ?)
            WHERE device = ?`,
          params: [atUs, reason, device],
        },
      ]);
      return changed === 1;
    },
    async keyOf(device) {
      const known = await find(device);
      if (known?.revoked) throw revoked(device);
      return known && importPublicKey(known.publicKey);
    },
  };
}

function events(store: Store): Pick<Ledger, "addEvent" | "eventsOf"> {
  return {
    async addEvent({ device, sequence, code, sensorUs, counters }, receivedUs) {
      const [added] = await store.commit([
        {
          sql: `INSERT INTO event (device, sequence, code, sensor_us, counters, received_us)
            VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (device, sequence) DO NOTHING`,
          params: [device, sequence, code, sensorUs, JSON.stringify(counters), receivedUs],
        },
      ]);
      return added === 1;
    },
    async eventsOf(device, countMax) {
      const rows = await store.query(
        "SELECT * FROM event WHERE device = ? ORDER BY sequence DESC LIMIT ?",
        [device, countMax],
      );
      return rows.map((row) => ({
        device,
        sequence: Number(row["sequence"]),
        code: String(row["code"]),
        sensorUs: Number(row["sensor_us"]),
        counters: JSON.parse(String(row["counters"])),
      }));
    },
  };
}

function releases(store: Store): Pick<Ledger, "addRelease" | "releases"> {
  return {
    async addRelease({ manifest, line, version, target, rollout, campaign }, atUs) {
      await store.commit([
        {
          sql: `INSERT INTO release (manifest, line, version, target, rollout, campaign, released_us)
            VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (manifest) DO NOTHING`,
          params: [manifest, line, version, target, rollout, campaign ?? null, atUs],
        },
      ]);
    },
    async releases(line) {
      const rows = await store.query("SELECT * FROM release WHERE line = ? ORDER BY version", [
        line,
      ]);
      return rows.map((row) => ({
        manifest: parseSha256(row["manifest"]),
        line,
        version: Number(row["version"]),
        target: String(row["target"]),
        rollout: parseName(row["rollout"]),
        ...(row["campaign"] === null ? {} : { campaign: parseName(row["campaign"]) }),
      }));
    },
  };
}

function deviceOf(row: Row): DeviceRecord {
  const { revoked_us: revokedUs, reason } = row;
  return {
    device: parseName(row["device"]),
    publicKey: bytesOf(row, "public_key"),
    enrolledUs: Number(row["enrolled_us"]),
    ...(revokedUs === null || revokedUs === undefined
      ? {}
      : { revoked: { atUs: Number(revokedUs), reason: String(reason) } }),
  };
}

function bytesOf(row: Row, column: string): Uint8Array {
  const value = row[column];
  return value instanceof Uint8Array ? Uint8Array.from(value) : new Uint8Array();
}

/** Refuses a key that is another device's, revoked or not. */
export const keyTaken = (device: Name): EdgeloopError =>
  new EdgeloopError(
    "DEVICE_KEY_TAKEN",
    "this key was enrolled under another name; enrol with a new one",
    { details: { device } },
  );

const revoked = (device: Name): EdgeloopError =>
  new EdgeloopError(
    "DEVICE_REVOKED",
    "the device was revoked; enrol it again under a new name, with a new key",
    {
      details: { device },
    },
  );
