import type { DownloadProgress } from "./capture/http-proxy.ts";
import type { Notice } from "./fleet/coordinator-member.ts";
import type { Daemon } from "./fleet/daemon.ts";
import type { GatewayMember } from "./fleet/gateway-member.ts";

/** An accident of the demo: something is killed in the middle of something, and comes back. */
export type Accident = {
  readonly what: string;
  /** When it was killed, and when it was ready again; wall-clock milliseconds of this process. */
  killedMs: number | undefined;
  backMs: number | undefined;
};

/** What happens at the places where accidents are armed. */
export type Accidents = {
  readonly list: readonly Accident[];
  /** Told often which gateways train at this moment. */
  onTraining(gateways: readonly string[]): void;
  onPiece(gateway: string, path: string, progress: DownloadProgress): void;
  onNotice(notice: Notice): void;
  /**
   * Slows the downloads of one gateway down. The first blob of which a part has arrived and the rest is on its way is cut
   * by a kill, be it of a round's plan or of a release; armed when the rounds begin, it is one of the first plan.
   */
  armDownload(): void;
};

/** How long a killed process stays away. */
const awayMs = 800;
/** Bytes a second to a gateway that shall be killed while it downloads. */
const slowBytesPerSecond = 30_000;
/** Bytes that have arrived when the kill comes: a part that is worth keeping. */
const partBytes = 3000;

/** A process that can be killed and comes back. */
type Mortal = Pick<Daemon, "kill" | "start">;
type Victim = Pick<GatewayMember, "name" | "slowDownload"> & { readonly daemon: Mortal };

/** Who is hit, and how a process comes back. */
export type AccidentOptions = {
  readonly trainee: Victim;
  readonly downloader: Victim;
  readonly coordinator: Mortal;
  readonly signal: AbortSignal;
  readonly onChange: (accident: Accident, what: "killed" | "back") => void;
  /** Told when a process did not come back. */
  readonly onFailure: (error: unknown) => void;
};

/** Arms the three accidents; each happens once, when its moment comes. */
export function armAccidents(options: AccidentOptions): Accidents {
  const { trainee, downloader, coordinator } = options;
  const training = make(`${trainee.name} killed while training`);
  const download = make(`${downloader.name} killed during a download`);
  const aggregating = make("coordinator killed while aggregating");
  let [isArmed, inTraining] = [false, false];
  const strike = async (accident: Accident, daemon: Mortal): Promise<void> => {
    accident.killedMs = performance.now();
    await daemon.kill("SIGKILL");
    options.onChange(accident, "killed");
    await new Promise((resolve) => setTimeout(resolve, awayMs));
    await daemon.start(options.signal);
    accident.backMs = performance.now();
    options.onChange(accident, "back");
  };
  const begin = (accident: Accident, daemon: Mortal): void => {
    strike(accident, daemon).catch((error: unknown) => {
      if (!options.signal.aborted) options.onFailure(error);
    });
  };
  return {
    list: [training, download, aggregating],
    armDownload: () => {
      isArmed = true;
      downloader.slowDownload = slowBytesPerSecond;
    },
    onTraining(gateways) {
      const isDue = inTraining && training.killedMs === undefined;
      if (isDue && gateways.includes(trainee.name)) begin(training, trainee.daemon);
    },
    onPiece(gateway, path, { sentBytes, totalBytes }) {
      const isDue = isArmed && download.killedMs === undefined && gateway === downloader.name;
      const isPart = sentBytes >= partBytes && sentBytes < totalBytes;
      if (!isDue || !isPart || !/\/blobs\/[0-9a-f]{64}$/.test(path)) return;
      downloader.slowDownload = undefined;
      begin(download, downloader.daemon);
    },
    onNotice({ stream, kind }) {
      if (stream.startsWith("round/")) inTraining = kind === "training";
      const isAggregating = stream.startsWith("round/") && kind === "aggregating";
      if (isAggregating && aggregating.killedMs === undefined) begin(aggregating, coordinator);
    },
  };
}

const make = (what: string): Accident => ({ what, killedMs: undefined, backMs: undefined });

/** Counts the accidents after which the process came back. */
export const survived = (accidents: readonly Accident[]): number =>
  accidents.filter(({ killedMs, backMs }) => killedMs !== undefined && backMs !== undefined).length;
