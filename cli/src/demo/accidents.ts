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
  onRequest(gateway: string, method: string, path: string): void;
  onNotice(notice: Notice): void;
  /** Allows the accident of the download: only the release of a round counts. */
  armDownload(): void;
};

/** How long a killed process stays away. */
const awayMs = 800;
/** Bytes a second to a gateway that shall be killed while it downloads. */
const slowBytesPerSecond = 30_000;
/** How long a download runs before the kill. */
const downloadMs = 120;

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
};

/** Arms the three accidents; each happens once, when its moment comes. */
export function armAccidents(options: AccidentOptions): Accidents {
  const { trainee, downloader, coordinator } = options;
  const training = make(`${trainee.name} killed while training`);
  const download = make(`${downloader.name} killed during a download`);
  const aggregating = make("coordinator killed while aggregating");
  let [armed, inTraining] = [false, false];
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
      if (!options.signal.aborted) throw error;
    });
  };
  return {
    list: [training, download, aggregating],
    armDownload: () => {
      armed = true;
      downloader.slowDownload = slowBytesPerSecond;
    },
    onTraining(gateways) {
      const isDue = inTraining && training.killedMs === undefined;
      if (isDue && gateways.includes(trainee.name)) begin(training, trainee.daemon);
    },
    onRequest(gateway, method, path) {
      const isBlob = method === "GET" && /\/blobs\/[0-9a-f]{64}$/.test(path);
      if (!armed || gateway !== downloader.name || !isBlob || download.killedMs !== undefined)
        return;
      download.killedMs = performance.now();
      setTimeout(() => {
        downloader.slowDownload = undefined;
        begin(download, downloader.daemon);
      }, downloadMs);
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
