/** The first call at which guest and log disagree, with what led there. */
export type DivergenceReport = {
  /** Number of the message in the log. */
  seq: number;
  /** The recorded call with its arguments, as `fd_read(fd=4, len=512)`. */
  recorded: string;
  /** The call that the guest made instead. */
  replayed: string;
  /** The calls before it, oldest first, at most 20. */
  calls: string[];
};

/**
 * What an operator is told on stderr. Addresses are `host:port` texts, times are in ms, `seq` is a
 * number of the log; null stands for "there is none". The objects are the JSON form as they stand.
 */
export type StatusEvent =
  /** The guest is about to start; `bind` takes backups (null for solo), `listen` are the guest's sockets. */
  | {
    event: "serving";
    role: "solo" | "primary";
    bind: string | null;
    listen: string[];
  }
  /** A backup was started first and keeps trying; said once. */
  | { event: "waitingForPrimary"; address: string }
  /** `--wait-backups` holds the guest's start. */
  | {
    event: "waitingForBackups";
    bind: string;
    inSync: number;
    needed: number;
  }
  /** On the primary: a backup's handshake was good, it wants the log from `from`. */
  | { event: "joined"; peer: string; node: number; from: number }
  /** On the primary: from now on outputs wait for this backup. */
  | { event: "synced"; peer: string; seq: number }
  /** On the primary: a connection was turned away (wrong module, garbage, other run). */
  | { event: "refused"; peer: string; reason: string }
  /** On the primary: the backup no longer counts; `left` others are in sync. */
  | { event: "removed"; peer: string; reason: string; left: number }
  /** On the primary: no backup is left in sync, outputs leave unprotected. */
  | { event: "degraded" }
  /** On the primary: a backup falls behind. */
  | { event: "lagging"; peer: string; messages: number; bytes: number }
  /** On a backup: it follows this primary but is not in sync yet. */
  | { event: "catchingUp"; percent: number }
  /** On a backup: it is in sync and may take over. */
  | { event: "following"; address: string; seq: number }
  | { event: "linkLost"; peer: string; reason: string }
  | { event: "linkBack"; peer: string; seq: number }
  /** This process was stopped or starved for so long. */
  | { event: "frozen"; ms: number }
  /** The takeover is decided; `ms` since the old primary was last heard. */
  | { event: "takeover"; epoch: number; old: string; seq: number; ms: number }
  /** The takeover is done, the guest is live on these addresses. */
  | { event: "taken"; bind: string; listen: string[] }
  /** The `--on-takeover` command failed; `code` null: it could not be started. */
  | { event: "hookFailed"; command: string; code: number | null }
  | { event: "divergence"; report: DivergenceReport }
  /** Another node is primary in a higher epoch; this one releases nothing more. */
  | { event: "deposed"; epoch: number; by: string | null }
  /** The log on disk is given up, the run goes on. */
  | { event: "lateJoinOff"; reason: string }
  /** The recording is given up, the run goes on. */
  | { event: "recordingOff"; reason: string }
  /** The log of a run without backups is given up, the run goes on. */
  | { event: "resumeOff"; reason: string }
  /** A recorded program goes on live from message `seq`, in a new epoch; `listen` are its sockets. */
  | { event: "resumed"; epoch: number; seq: number; listen: string[] }
  /** A recorded program is not run again: it had ended, and all its outputs had left. */
  | { event: "over"; code: number }
  /** A replay has come to message `seq`, where it ends; `reason` is null at the message that was asked for. */
  | { event: "replayed"; seq: number; reason: string | null }
  /** `--overwrite` moved something out of the way. */
  | { event: "moved"; from: string; to: string }
  /** Status lines that nobody read in time were dropped. */
  | { event: "dropped"; lines: number }
  /** The guest ended; `trap` is the trap's reason, null for an exit of its own, `frames` its stack, innermost first. */
  | { event: "ended"; code: number; trap: string | null; frames: string[] };

/** How to print: the fields of `RunOptions` of these names. */
export type StatusStyle = { readonly json: boolean; readonly quiet: boolean };

/**
 * The line for an event, without the line end: `replrt: ` and one sentence, or one JSON object.
 *
 * @returns undefined when `quiet` drops the event (all but errors and divergences).
 */
export function statusLine(
  event: StatusEvent,
  style: StatusStyle,
): string | undefined {
  if (style.quiet && !ERRORS.has(event.event)) return undefined;
  if (style.json) return JSON.stringify(event);
  return `replrt: ${oneLine(sentence(event))}`;
}

/**
 * The whole report of a divergence for a reader, one text a line; `statusLine` gives its first line
 * (and, with `json`, all of it).
 */
export function divergenceLines(report: DivergenceReport): string[] {
  const calls = report.calls.map((call) => `    ${call}`);
  return [
    `replrt: ${sentence({ event: "divergence", report })}`,
    `  recorded: ${report.recorded}`,
    `  replayed: ${report.replayed}`,
    ...(calls.length > 0
      ? [`  the last ${plural(calls.length, "call")} before it:`, ...calls]
      : []),
  ].map(oneLine);
}

/** A whole number with thousands separators, as `18,204`. */
export function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** What `--quiet` keeps: faults that need the operator, and divergences. */
const ERRORS: ReadonlySet<Name> = new Set<Name>([
  "divergence",
  "deposed",
  "lateJoinOff",
  "recordingOff",
  "resumeOff",
  "hookFailed",
]);

type Name = StatusEvent["event"];
type EventOf<N extends Name> = Extract<StatusEvent, { event: N }>;

/** One sentence for each event, without a full stop. */
const SENTENCES: { readonly [N in Name]: (event: EventOf<N>) => string } = {
  serving: ({ role, bind, listen }) =>
    bind === null
      ? `running ${role}${listens(listen)}`
      : `running as ${role}, takes backups at ${bind}${listens(listen)}`,
  waitingForPrimary: ({ address }) => `waiting for a primary at ${address}`,
  waitingForBackups: ({ bind, inSync, needed }) =>
    `the program waits for ${plural(needed, "backup")} in sync at ${bind}, ${
      grouped(inSync)
    } so far`,
  joined: ({ peer, node, from }) =>
    `backup ${peer} connected as node ${node}, needs the log from message ${
      grouped(from)
    }`,
  synced: ({ peer, seq }) =>
    `backup ${peer} joined, in sync at message ${grouped(seq)}`,
  refused: ({ peer, reason }) => `refused ${peer}: ${reason}`,
  removed: ({ peer, reason, left }) =>
    `backup ${peer} removed: ${reason}; ${
      left === 0 ? "none" : grouped(left)
    } left in sync`,
  degraded: () => "no backup is in sync, the program goes on unprotected",
  lagging: ({ peer, messages, bytes }) =>
    `backup ${peer} lags behind by ${plural(messages, "message")}, ${
      plural(bytes, "byte")
    }`,
  catchingUp: ({ percent }) =>
    `catching up with the primary, ${percent} % done`,
  following: ({ address, seq }) =>
    `following primary ${address}, in sync at message ${grouped(seq)}`,
  linkLost: ({ peer, reason }) =>
    `connection to ${peer} lost: ${reason}; trying again`,
  linkBack: ({ peer, seq }) =>
    `connection to ${peer} is back, going on at message ${grouped(seq)}`,
  frozen: ({ ms }) =>
    `stood still for ${
      grouped(ms)
    } ms, nothing leaves until the others are asked`,
  takeover: ({ epoch, old, seq, ms }) =>
    `primary ${old} is gone, taking over at message ${
      grouped(seq)
    } in epoch ${epoch}, ` +
    `${grouped(ms)} ms after its last sign of life`,
  taken: ({ bind, listen }) =>
    `now primary, takes backups at ${bind}${listens(listen)}`,
  hookFailed: ({ command, code }) =>
    code === null
      ? `cannot start the --on-takeover command: ${command}`
      : `the --on-takeover command ended with exit code ${code}: ${command}`,
  divergence: ({ report }) =>
    `divergence at message ${
      grouped(report.seq)
    }: the log has ${report.recorded}, ` +
    `the program called ${report.replayed}`,
  deposed: ({ epoch, by }) =>
    `${
      by ?? "another node"
    } is primary in epoch ${epoch}, this node releases nothing more`,
  lateJoinOff: ({ reason }) => `no backup can join any more: ${reason}`,
  recordingOff: ({ reason }) => `the recording ends here: ${reason}`,
  resumeOff: ({ reason }) => `this run can't be resumed any more: ${reason}`,
  resumed: ({ epoch, seq, listen }) =>
    `the program goes on at message ${grouped(seq)} in epoch ${epoch}${
      listens(listen)
    }`,
  over: ({ code }) => `the program had ended with exit code ${code}`,
  replayed: ({ seq, reason }) =>
    reason === null
      ? `replayed to message ${grouped(seq)}`
      : `the recording ends at message ${grouped(seq)}: ${reason}`,
  moved: ({ from, to }) => `moved ${from} to ${to}`,
  dropped: ({ lines }) =>
    `${plural(lines, "status line")} dropped, stderr was not read`,
  ended: ({ code, trap }) =>
    trap === null
      ? `the program ended with exit code ${code}`
      : `the program trapped: ${trap} (exit code ${code})`,
};

function sentence(event: StatusEvent): string {
  const say = SENTENCES[event.event] as (event: StatusEvent) => string;
  return say(event);
}

function listens(addresses: string[]): string {
  return addresses.length === 0
    ? ""
    : `, the program listens on ${addresses.join(" and ")}`;
}

function plural(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** Peers and guests supply parts of a text: whatever could end a line or drive a terminal becomes a space. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ");
}
