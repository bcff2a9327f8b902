/** Windows that wait for inference, per sensor; beyond it the adapter is not pulled (back-pressure). */
export const inferenceQueueMax = 64;
/** Predictions of one sensor that wait for their row's sync; beyond it inference waits. */
export const publishQueueMax = 256;
/** Packets whose start times are remembered per sensor, to tell a redelivery from time going back. */
export const packetsRememberedMax = 1024;
/** Packets in a row whose time goes back, after which the source's clock is taken to have been set: one wrong time must not
 * silence a sensor until a restart. */
export const timeBackPacketsMax = 100;
/** Bytes of a refused payload that quarantine keeps; the rest is cut. */
export const quarantinePayloadBytesMax: number = 4 * 1024;
/** Longest label message, in bytes. */
export const labelBytesMax = 1024;
/** Longest name of a class or of whoever labels, in characters. */
export const labelTextMax = 64;
/** Longest stretch that one label may cover, in microseconds: a day. */
export const labelSpanUsMax: number = 24 * 3600 * 1_000_000;
/** Events kept on disk; the oldest go first. */
export const eventsMax = 10_000;
/** Longest window that can be labelled, in microseconds: ten minutes. */
export const windowSpanUsMax: number = 600 * 1_000_000;
/** Windows that one message to the learner carries: a few hundred kilobytes, so that the daemon never pauses. */
export const windowsPerMessageMax = 64;
/** How long an idle learner waits for the next piece of a round before its memory is given back. */
export const learnerLingerMs = 20_000;
/** Times a killed learner is started again for one task. */
export const learnerStartsMax = 5;
/** Windows that inference runs at most while a commit is being synced, before the trim runs again. */
export const trimIntervalWindows = 64;
/** Longest wait for running work at a stop, in milliseconds. */
export const drainTimeoutMs = 5_000;
/** Wait before inference is started again after its worker died, in milliseconds. */
export const workerRestartDelayMs = 250;
/** Time after which a full disk is tried again, in milliseconds. */
export const fullRetryIntervalMs = 30_000;
/** Starts of a candidate model without a confirmation, after which it is rolled back. */
export const startsMax = 3;
/** Windows that a new model has to serve well before it is confirmed. */
export const confirmWindowsMin = 20;
/** Share of those windows that may fail. */
export const confirmFailuresMax = 0;
/** Hashes of models that failed here and are refused at sight; the oldest go first. */
export const failedHashesMax = 256;
/** Codes that `/metrics` tells apart; others are counted as `other`, so that labels stay bounded. */
export const codesMax = 64;
/** Campaign ranges that are held against dropping at once. */
export const sealedRangesMax = 4;
/** Events that wait for the local broker; more are on disk and at the coordinator only. */
export const eventsUnpublishedMax = 64;
/**
 * Messages that an external broker has not acknowledged; more are not taken. The client keeps each in memory until it is
 * acknowledged, however long the broker is away: a minute of predictions, ten a second.
 */
export const brokerUnacknowledgedMax = 600;
/** Shortest time between two events of one code, in milliseconds; repeats in between are counted. */
export const eventIntervalMs = 1_000;
/** Refused payloads that wait for the disk; more at once are counted and not kept. */
export const quarantineBatchMax = 64;
/** Longest wait for a broker to answer, in milliseconds. */
export const brokerTimeoutMs = 5_000;
/**
 * Bytes that the embedded broker keeps for sessions whose clients do not acknowledge, together: minutes of predictions for a
 * reader that restarts, and no danger to a gateway of one gigabyte.
 */
export const sessionQueueBytesMax: number = 16 * 1024 * 1024;
/** Sessions that the embedded broker remembers while their clients are away; the longest away is forgotten. */
export const sessionsAwayMax = 64;
/** Labels of one sensor that are kept for each window of the store's bound: several people may label one window. */
export const labelsPerWindowMax = 4;
/** Labels of one sensor that are kept beside that: they may come long before their windows. */
export const labelsAheadMax = 10_000;
/** Labels that go at once when a sensor has too many: milliseconds of the store's time, and not at every label. */
export const labelsTrimMax = 1_024;
/** Label messages that wait for the disk; more stay unacknowledged. */
export const labelsWaitingMax = 1_024;
/** Shortest time between two reports of progress to the coordinator, in milliseconds. */
export const progressIntervalMs = 1_000;
/** Runs before a candidate's latency counts. */
export const gateWarmUpRuns = 3;
/** Rounds over the golden windows that a slow candidate gets. */
export const gateRoundsMax = 3;
/** Longest wait for a new model's confirmation before its installation is reported, in milliseconds. */
export const confirmTimeoutMs = 30_000;
/** Longest wait for a broker to take one prediction or event, in milliseconds. */
export const publishTimeoutMs = 5_000;
/** Longest piece of work of the learner, in milliseconds: half an hour. */
export const learnerCallTimeoutMs: number = 30 * 60_000;
/** How often the learner's memory is looked at, in milliseconds. */
export const learnerMemoryIntervalMs = 1_000;
/** Wait before a sensor that failed is opened again, in milliseconds. */
export const sensorRestartDelayMs = 1_000;
/** Windows that wait for the drift watch; more are not watched. */
export const driftQueueMax = 64;
/** Longest wait for the coordinator's answer to an enrolment, in milliseconds. */
export const enrolmentTimeoutMs = 30_000;
/** Longest wait between two attempts to enrol, in milliseconds. */
export const enrolmentRetryDelayMs = 5_000;
/** Bound of the first pause before a failed link to the coordinator is opened again, in milliseconds. */
export const linkRetryDelayMs = 1_000;
/** Longest such pause, in milliseconds: a disk that was cleared is noticed within a minute. */
export const linkRetryDelayMsMax = 60_000;
/** Events that wait for the first contact with the coordinator; the oldest go. */
export const reportsWaitingMax = 256;
/** Labelled windows that the serving model is judged by; older ones are forgotten. */
export const performanceWindowsMax = 500;
/** Labels that wait to be compared with predictions; more are not compared. */
export const performanceQueueMax = 1_024;
