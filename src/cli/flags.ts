import { scheduleOf } from "../wasi-intercept/threads/schedule.ts";
import { formatAddress, RUN_DEFAULTS } from "../runtime/options.ts";
import type { Audience } from "./audience.ts";

/** One option of a command: the parser, the check of roles and the help text are made from it. */
export type Flag = {
  readonly name: string;
  /** A short form, as `-o`. */
  readonly short?: string;
  /** Placeholder of the value; absent for a switch. */
  readonly value?: string;
  /** True: may be given several times, and its values are a list. */
  readonly repeatable?: boolean;
  readonly audience: Audience;
  readonly group: string;
  readonly text: string;
};

const D = RUN_DEFAULTS;
const D_SCHEDULE = scheduleOf(undefined, undefined);
const D_SEEDED = scheduleOf(undefined, 1);
const PROGRAM = "What the program gets:";
const THREADS = "Threads, if it has several:";
const NODES = "Nodes:";
const SAFETY = "Outputs and failures:";
const DISK = "Disk:";
const STATUS = "Status lines on stderr:";

/** All options of `replrt run`, in the order of the help text. */
export const FLAGS: readonly Flag[] = [
  {
    name: "--dir",
    value: "HOST::GUEST[::shared]",
    repeatable: true,
    audience: "all",
    group: PROGRAM,
    text:
      "directory, mirrored: each node keeps its own copy; with ::shared: storage that all nodes mount; HOST alone is the same path for both",
  },
  {
    name: "--env",
    value: "NAME=VALUE",
    repeatable: true,
    audience: "all",
    group: PROGRAM,
    text: "environment variable; NAME alone passes this shell's value on",
  },
  {
    name: "--tcplisten",
    value: "HOST:PORT",
    repeatable: true,
    audience: "all",
    group: PROGRAM,
    text:
      "listening socket, open when the program starts; REPLRT_LISTEN_FD names the first",
  },
  {
    name: "--quantum",
    value: "N",
    audience: "starting",
    group: THREADS,
    text:
      `how long a thread runs before the next one, in rounds of loops, at most (default ${D_SCHEDULE.quantum}, with a seed ${D_SEEDED.quantum})`,
  },
  {
    name: "--schedule-seed",
    value: "S",
    audience: "starting",
    group: THREADS,
    text:
      "run threads in another order: in turns of random lengths, switching between any two accesses of memory",
  },
  {
    name: "--role",
    value: "ROLE",
    audience: "all",
    group: NODES,
    text: `solo, primary or backup (default ${D.role})`,
  },
  {
    name: "--bind",
    value: "HOST:PORT",
    audience: "nodes",
    group: NODES,
    text:
      `where a primary, or a backup once it is primary, takes backups (default ${
        formatAddress(D.bind)
      })`,
  },
  {
    name: "--join",
    value: "HOST:PORT",
    audience: "backup",
    group: NODES,
    text: "the primary that a backup follows",
  },
  {
    name: "--join-timeout",
    value: "MS",
    audience: "following",
    group: NODES,
    text: `how long to try to join (default ${D.joinTimeoutMs})`,
  },
  {
    name: "--peer",
    value: "HOST:PORT",
    audience: "primary",
    group: NODES,
    text:
      "ask this node first, and follow it if it is live: for a primary that is restarted by itself",
  },
  {
    name: "--wait-backups",
    value: "N",
    audience: "primary",
    group: NODES,
    text:
      `start the program when N backups are in sync (default ${D.waitBackups})`,
  },
  {
    name: "--insecure",
    audience: "nodes",
    group: NODES,
    text:
      "replicate in clear text beyond this machine: all who reach --bind can read and join",
  },
  {
    name: "--output",
    value: "WHEN",
    audience: "nodes",
    group: SAFETY,
    text:
      `commit: outputs leave once the backups hold them; async: at once (default ${D.output})`,
  },
  {
    name: "--degraded",
    value: "WHAT",
    audience: "nodes",
    group: SAFETY,
    text:
      `run or stop when a backup falls silent and does not answer (default ${D.degraded})`,
  },
  {
    name: "--heartbeat",
    value: "MS",
    audience: "nodes",
    group: SAFETY,
    text: `time between signs of life (default ${D.heartbeatMs})`,
  },
  {
    name: "--timeout",
    value: "MS",
    audience: "nodes",
    group: SAFETY,
    text:
      `silence that counts as death, at least two heartbeats (default ${D.timeoutMs})`,
  },
  {
    name: "--on-takeover",
    value: "CMD",
    audience: "following",
    group: SAFETY,
    text: "shell command to run after a takeover",
  },
  {
    name: "--state-dir",
    value: "DIR",
    audience: "run",
    group: DISK,
    text:
      "where the log is kept (default: a temporary directory, removed at the end); with role solo: keep one, for replrt resume",
  },
  {
    name: "--sync",
    audience: "solo",
    group: DISK,
    text:
      "with --state-dir: outputs leave once the log is on the disk itself, so that it survives a power failure too",
  },
  {
    name: "--on-log-error",
    value: "WHAT",
    audience: "solo",
    group: DISK,
    text:
      `with --state-dir: stop or continue when the log can't be written (default ${D.onLogError})`,
  },
  {
    name: "--overwrite",
    audience: "run",
    group: DISK,
    text: "move what is in the way to DIR.before-RUN instead of refusing",
  },
  {
    name: "--no-late-join",
    audience: "nodes",
    group: DISK,
    text: "keep no log for backups that join after the start",
  },
  {
    name: "--trace",
    audience: "all",
    group: STATUS,
    text: "each call of the program with its outcome, as replrt log prints it",
  },
  {
    name: "--quiet",
    audience: "all",
    group: STATUS,
    text: "only errors and divergences",
  },
  {
    name: "--json",
    audience: "all",
    group: STATUS,
    text: "one JSON object a line",
  },
];
