import type { Store } from "@edgeloop/core/platform";
import { EdgeloopError } from "@edgeloop/core/platform";

/** Events in the order in which they happened, a stream a state machine. */
export type Journal = {
  /**
   * Writes the next event of a stream; resolves once it is on disk.
   *
   * @param position Number of events before it.
   * @throws `STORE_CONSTRAINT` when another writer was there first.
   */
  append(stream: string, position: number, event: object): Promise<void>;
  /** Reads a stream from its beginning, as plain JSON values. */
  read(stream: string): Promise<readonly unknown[]>;
  /** Lists streams whose name starts with `prefix`, in order. */
  streams(prefix: string): Promise<readonly string[]>;
};

/**
 * Opens the journal over a store that has the ledger's tables.
 *
 * @param code Version of the code that writes, stored beside each event.
 */
export function openJournal(store: Store, code: string): Journal {
  return {
    async append(stream, position, event) {
      await store.commit([
        {
          sql: "INSERT INTO journal (stream, position, event, code) VALUES (?, ?, ?, ?)",
          params: [stream, position, JSON.stringify(event), code],
        },
      ]);
    },
    async read(stream) {
      const rows = await store.query(
        "SELECT event FROM journal WHERE stream = ? ORDER BY position",
        [stream],
      );
      return rows.map((row) => JSON.parse(String(row["event"])));
    },
    async streams(prefix) {
      const rows = await store.query(
        "SELECT DISTINCT stream FROM journal WHERE substr(stream, 1, ?) = ? ORDER BY stream",
        [prefix.length, prefix],
      );
      return rows.map((row) => String(row["stream"]));
    },
  };
}

/** A state machine whose state is a fold over a stream of the journal. */
export type Machine<State, Event> = {
  readonly stream: string;
  state(): State;
  /**
   * Applies an event: what it changes is on disk before the state moves and the promise resolves.
   *
   * @returns The refusal's code when the event does not fit.
   * @throws what the rules' `parse` throws when the event could not be read again.
   */
  apply(event: Event): Promise<string | undefined>;
};

/** How a machine's events are read and what they do. */
export type MachineRules<State, Event, Step extends MachineStep<State> = MachineStep<State>> = {
  readonly start: State;
  readonly parse: (value: unknown) => Event;
  readonly step: (state: State, event: Event) => Step;
  /** Called after each change, once it is on disk. */
  readonly changed: (step: Step) => void;
};

/** What an event makes of a state. */
export type MachineStep<State> = { readonly state: State; readonly refusal?: string };

/**
 * Opens a machine: reads its stream and folds it.
 *
 * @throws `JOURNAL_BROKEN` when a stored event is refused by the rules it was written under.
 */
export async function openMachine<
  State,
  Event extends object,
  Step extends MachineStep<State> = MachineStep<State>,
>(
  journal: Journal,
  stream: string,
  rules: MachineRules<State, Event, Step>,
): Promise<Machine<State, Event>> {
  let state = rules.start;
  let position = 0;
  for (const stored of await journal.read(stream)) {
    const next = rules.step(state, rules.parse(stored));
    if (next.refusal !== undefined) {
      throw new EdgeloopError("JOURNAL_BROKEN", `${stream}: a stored event does not fit`, {
        details: { stream, position, refusal: next.refusal },
      });
    }
    state = next.state;
    position += 1;
  }
  const applyNow = async (event: Event): Promise<string | undefined> => {
    const next = rules.step(state, event);
    if (next.refusal !== undefined) return next.refusal;
    if (next.state === state) return undefined;
    // What could not be read again must not be written: it would stop the next start.
    await journal.append(stream, position, rules.parse(JSON.parse(JSON.stringify(event))));
    position += 1;
    state = next.state;
    rules.changed(next);
    return undefined;
  };
  let turn: Promise<unknown> = Promise.resolve();
  return {
    stream,
    state: () => state,
    apply(event) {
      const done = turn.then(() => applyNow(event));
      // One failed write must not stop the events behind it; its caller is told.
      turn = done.catch(() => undefined);
      return done;
    },
  };
}
