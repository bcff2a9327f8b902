import { Readable } from "node:stream";
import type { Aedes } from "aedes";
import { sessionQueueBytesMax, sessionsAwayMax } from "../limits.ts";
import type { QueuedMessage } from "../session-queues.ts";
import { sessionQueues } from "../session-queues.ts";

type Session = { readonly id: string };
type Subscriber = { readonly clientId: string };

/** aedes' types leave out what its documentation names: where it keeps sessions. */
type Persistent = {
  readonly persistence: { cleanSubscriptions(session: Session): Promise<void> };
};

/**
 * Bounds what a broker keeps for clients that asked for a session that outlives their connection (`clean: false`).
 *
 * aedes keeps every message for them in memory, however long they stay away: a reader that never returns would end the
 * gateway. Here all their queues together hold `sessionQueueBytesMax`, and at most `sessionsAwayMax` sessions whose clients
 * are away are remembered: a client that makes up a new id for each connection leaves one behind each time.
 *
 * @param onDropped So many messages of a session went.
 */
export function boundSessions(
  broker: Aedes,
  onDropped: (session: string, count: number) => void,
): void {
  const { persistence } = broker as Aedes & Persistent;
  const queues = sessionQueues({
    bytesMax: sessionQueueBytesMax,
    onDropped: (session) => onDropped(session, 1),
  });
  // In place of what aedes' own store keeps for sessions; subscriptions and the rest stay there.
  Object.assign(persistence, {
    outgoingEnqueue({ clientId }: Subscriber, message: QueuedMessage) {
      queues.add([clientId], message);
      return Promise.resolve();
    },
    outgoingEnqueueCombi(subscribers: readonly Subscriber[], message: QueuedMessage) {
      const sessions = subscribers.map(({ clientId }) => clientId);
      queues.add(sessions, message);
      return Promise.resolve();
    },
    outgoingUpdate({ id }: Session, message: QueuedMessage) {
      queues.update(id, message);
      return Promise.resolve();
    },
    outgoingClearMessageId: ({ id }: Session, { messageId }: QueuedMessage) =>
      Promise.resolve(queues.remove(id, messageId)),
    outgoingStream: ({ id }: Session) => Readable.from(queues.messages(id)),
  });

  const away = new Set<string>();
  const forgetLongestAway = async (): Promise<void> => {
    const [id] = away;
    if (id === undefined || away.size <= sessionsAwayMax) return;
    away.delete(id);
    onDropped(id, queues.forget(id));
    await persistence.cleanSubscriptions({ id });
  };
  broker.on("client", ({ id }) => away.delete(id));
  broker.on("clientDisconnect", ({ id, clean }) => {
    if (clean) return;
    away.add(id);
    forgetLongestAway().catch((error: unknown) => broker.emit("error", error));
  });
}
