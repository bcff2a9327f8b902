/** A message that a broker keeps for a session until it is acknowledged; QoS 2 puts its `pubrel` in its place. */
export type QueuedMessage = {
  readonly cmd?: string;
  readonly topic?: string;
  readonly payload?: Uint8Array | string;
  readonly brokerId?: string;
  readonly brokerCounter?: number;
  messageId?: number | undefined;
};

/** Messages of all sessions; together they hold a bounded number of bytes. */
export type SessionQueues = {
  /** Keeps a message for each session; the oldest of the largest queue goes when there is no room. */
  add(sessions: readonly string[], message: QueuedMessage): void;
  /** Gives a message the identifier that it is sent with, or puts a `pubrel` in its place. */
  update(session: string, message: QueuedMessage): void;
  /** Takes out what was acknowledged. */
  remove(session: string, messageId: number | undefined): QueuedMessage | undefined;
  /** Forgets a session; returns how many messages went. */
  forget(session: string): number;
  messages(session: string): readonly QueuedMessage[];
};

/** What a message costs beside its topic and payload, about, in bytes. */
const overheadBytes = 512;

const bytesOf = ({ topic, payload }: QueuedMessage): number =>
  overheadBytes + (topic?.length ?? 0) + (payload?.length ?? 0);

type Queue = { readonly messages: QueuedMessage[]; bytes: number };

/**
 * Builds empty queues.
 *
 * @param options `onDropped`: a message of that session went to make room.
 */
export function sessionQueues({
  bytesMax,
  onDropped,
}: {
  readonly bytesMax: number;
  readonly onDropped: (session: string) => void;
}): SessionQueues {
  const queues = new Map<string, Queue>();
  let bytes = 0;

  /** Replaces one message by none or another. */
  const exchange = (queue: Queue, at: number, next: readonly QueuedMessage[]): void => {
    const before = queue.messages.splice(at, 1, ...next);
    const grown = sumBytes(next) - sumBytes(before);
    queue.bytes += grown;
    bytes += grown;
  };
  const makeRoom = (): void => {
    while (bytes > bytesMax) {
      const [session, largest] = [...queues].reduce((a, b) => (b[1].bytes > a[1].bytes ? b : a));
      exchange(largest, 0, []);
      onDropped(session);
    }
  };
  const indexOf = (queue: Queue | undefined, messageId: number | undefined): number =>
    queue?.messages.findIndex((message) => message.messageId === messageId) ?? -1;

  return {
    add(sessions, message) {
      for (const session of sessions) {
        const queue = queues.get(session) ?? { messages: [], bytes: 0 };
        queues.set(session, queue);
        // A copy for each: the identifier that a message is sent with is its session's.
        const copy = { ...message, messageId: undefined };
        queue.messages.push(copy);
        queue.bytes += bytesOf(copy);
        bytes += bytesOf(copy);
      }
      makeRoom();
    },
    update(session, message) {
      const queue = queues.get(session);
      if (message.cmd === "pubrel") {
        const at = indexOf(queue, message.messageId);
        if (queue !== undefined && at >= 0) exchange(queue, at, [message]);
        return;
      }
      const { brokerId, brokerCounter, messageId } = message;
      const sent = queue?.messages.find(
        (other) => other.brokerId === brokerId && other.brokerCounter === brokerCounter,
      );
      if (sent !== undefined) sent.messageId = messageId;
    },
    remove(session, messageId) {
      const queue = queues.get(session);
      const at = indexOf(queue, messageId);
      const found = queue?.messages[at];
      if (queue === undefined || found === undefined) return undefined;
      exchange(queue, at, []);
      if (queue.messages.length === 0) queues.delete(session);
      return found;
    },
    forget(session) {
      const queue = queues.get(session);
      queues.delete(session);
      bytes -= queue?.bytes ?? 0;
      return queue?.messages.length ?? 0;
    },
    messages: (session) => [...(queues.get(session)?.messages ?? [])],
  };
}

const sumBytes = (messages: readonly QueuedMessage[]): number =>
  messages.reduce((sum, message) => sum + bytesOf(message), 0);
