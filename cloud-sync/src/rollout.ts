import type { Name } from "@edgeloop/core/platform";
import { deriveSeed, unreachable } from "@edgeloop/core/platform";
import type { ReleaseRef } from "./participant.ts";
import type { RolloutEvent, RolloutRules } from "./rollout-events.ts";

/** One device of a rollout. */
export type RolloutMember = {
  /** 0 is the canary; a device is told when the rollout has come to its group. */
  readonly group: number;
  readonly status: "pending" | "active" | "refused";
};

/** Where a rollout stands: a fold over its events. */
export type RolloutState =
  | { readonly kind: "new" }
  | {
      /** `done` still serves late joiners; `stopped` tells nobody any more. */
      readonly kind: "rolling" | "done" | "stopped";
      readonly release: ReleaseRef;
      readonly rules: RolloutRules;
      readonly group: number;
      readonly members: ReadonlyMap<Name, RolloutMember>;
      readonly deadlineUs: number;
      /** Codes of refusals, for the report. */
      readonly failures: ReadonlyMap<Name, string>;
    };

type Started = Exclude<RolloutState, { kind: "new" }>;

/** Decides what an event makes of a rollout. Pure; an event that does not fit changes nothing. */
export function rolloutStep(state: RolloutState, event: RolloutEvent): RolloutState {
  if (event.kind === "started") return state.kind === "new" ? start(event) : state;
  if (state.kind === "new") return state;
  switch (event.kind) {
    case "joined":
      return joined(state, event.device);
    case "left":
      return left(state, event.device, event.atUs);
    case "reported":
      return reported(state, event);
    case "ticked":
      return state.kind === "rolling" && event.atUs >= state.deadlineUs
        ? overdue(state, event.atUs)
        : state;
    default:
      return unreachable(event);
  }
}

/** Tells whether a device is to install the release now. */
export function isDue(state: RolloutState, device: Name): boolean {
  if (state.kind === "new" || state.kind === "stopped") return false;
  const member = state.members.get(device);
  return member !== undefined && member.status === "pending" && member.group <= state.group;
}

/** Counts groups: the canary, the stages. */
const groupsOf = (rules: RolloutRules): number => rules.stages.length + 1;

function start(event: Extract<RolloutEvent, { kind: "started" }>): Started {
  const { rules, release } = event;
  const draw = (device: Name): number => deriveSeed(rules.seed, device);
  const ranked = [...new Set(event.devices)].toSorted(
    (a, b) => draw(a) - draw(b) || (a < b ? -1 : 1),
  );
  const sizes = [
    rules.canaries,
    ...rules.stages.map((share) => Math.max(rules.canaries, Math.ceil(share * ranked.length))),
  ];
  const groupOf = (rank: number): number => {
    const group = sizes.findIndex((size) => rank < size);
    return group < 0 ? groupsOf(rules) - 1 : group;
  };
  return {
    kind: "rolling",
    release,
    rules,
    group: 0,
    members: new Map(
      ranked.map((device, rank) => [device, { group: groupOf(rank), status: "pending" }]),
    ),
    deadlineUs: event.atUs + rules.stageMs * 1000,
    failures: new Map(),
  };
}

/** A late joiner waits for the last group, unless there is no canary yet. */
function joined(state: Started, device: Name): Started {
  if (state.members.has(device)) return state;
  const canaries = [...state.members.values()].filter((member) => member.group === 0).length;
  const isCanary = state.kind === "rolling" && canaries < state.rules.canaries;
  const group = isCanary ? 0 : groupsOf(state.rules) - 1;
  return withMember(state, device, { group, status: "pending" });
}

function left(state: Started, device: Name, atUs: number): Started {
  const member = state.members.get(device);
  if (member === undefined) return state;
  const members = new Map(state.members);
  members.delete(device);
  return settle({ ...state, members }, atUs);
}

function reported(
  state: Started,
  { device, outcome, atUs }: Extract<RolloutEvent, { kind: "reported" }>,
): Started {
  const member = state.members.get(device);
  if (member === undefined || member.status !== "pending" || member.group > state.group) {
    return state;
  }
  const next = withMember(state, device, { ...member, status: outcome.kind });
  if (outcome.kind === "active") return settle(next, atUs);
  const failures = new Map(next.failures).set(device, outcome.code);
  const isTooMany = state.kind === "rolling" && failures.size > state.rules.failuresMax;
  return settle({ ...next, failures, kind: isTooMany ? "stopped" : next.kind }, atUs);
}

/** Goes on to the next group once every device of the groups so far has reported. */
function settle(state: Started, atUs: number): Started {
  let next = state;
  while (next.kind === "rolling" && isGroupSettled(next)) {
    const isLast = next.group === groupsOf(next.rules) - 1;
    next = isLast
      ? { ...next, kind: "done" }
      : { ...next, group: next.group + 1, deadlineUs: atUs + next.rules.stageMs * 1000 };
  }
  return next;
}

function isGroupSettled({ group, members }: Started): boolean {
  const due = [...members.values()].filter((member) => member.group <= group);
  return (
    due.some(({ status }) => status === "active") && due.every(({ status }) => status !== "pending")
  );
}

/**
 * A stage's time is up. A silent canary is joined by the next device; later stages go on without the silent ones, which
 * install when they come back.
 */
function overdue(state: Started, atUs: number): Started {
  const deadlineUs = atUs + state.rules.stageMs * 1000;
  const due = [...state.members.values()].filter(({ group }) => group <= state.group);
  if (due.some(({ status }) => status === "active")) {
    const isLast = state.group === groupsOf(state.rules) - 1;
    return isLast ? { ...state, kind: "done" } : { ...state, group: state.group + 1, deadlineUs };
  }
  const [next] = [...state.members].filter(([, member]) => member.group > state.group);
  if (next === undefined) return { ...state, deadlineUs };
  return { ...withMember(state, next[0], { ...next[1], group: state.group }), deadlineUs };
}

const withMember = (state: Started, device: Name, member: RolloutMember): Started => ({
  ...state,
  members: new Map(state.members).set(device, member),
});
