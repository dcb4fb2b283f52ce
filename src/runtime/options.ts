/** What a node can be when it starts. A backup that took over is a primary from then on. */
export const ROLES = ["solo", "primary", "backup"] as const;
/** See {@linkcode ROLES}. */
export type Role = typeof ROLES[number];

/** When outputs leave: once the backups hold the log up to them, or at once. */
export const OUTPUT_POLICIES = ["commit", "async"] as const;
/** See {@linkcode OUTPUT_POLICIES}. */
export type OutputPolicy = typeof OUTPUT_POLICIES[number];

/** What a primary does that loses a backup by silence: go on alone, or stop. */
export const DEGRADED_POLICIES = ["run", "stop"] as const;
/** See {@linkcode DEGRADED_POLICIES}. */
export type DegradedPolicy = typeof DEGRADED_POLICIES[number];

/** What a run does whose log can't be written: end with an error, or go on without. */
export const LOG_ERROR_POLICIES = ["stop", "continue"] as const;
/** See {@linkcode LOG_ERROR_POLICIES}. */
export type LogErrorPolicy = typeof LOG_ERROR_POLICIES[number];

/** A TCP address. `host` is a name or an IP address (IPv6 without brackets); port 0 asks for a free one. */
export type Address = { readonly host: string; readonly port: number };

/** A directory of the guest: a path on this node and the name the guest sees. */
export type GuestDir = {
  readonly host: string;
  readonly guest: string;
  /** Storage that all nodes mount, where only the primary changes anything; else each node has a copy of its own. */
  readonly shared: boolean;
};

/**
 * All that `replrt run` was told, checked, with every default filled in.
 *
 * Plain data: it can be copied to a Worker. Paths are as the operator wrote them.
 */
export type RunOptions = {
  /** Path of the WebAssembly module. */
  readonly module: string;
  /** The guest's arguments after the program name. A backup that repeats none (empty) takes the primary's. */
  readonly args: readonly string[];
  /** The guest's environment as `NAME=value`, each name once, in order of first mention. Empty on a backup: the primary's. */
  readonly env: readonly string[];
  /** In descriptor order; guest names are unique. */
  readonly dirs: readonly GuestDir[];
  /** Listening sockets of the guest in descriptor order, after the directories. */
  readonly tcpListen: readonly Address[];

  /** See `Schedule`; undefined: its default. Unused by a backup, which has the primary's. */
  readonly quantum: number | undefined;
  readonly scheduleSeed: number | undefined;

  readonly role: Role;
  /** Where a primary, or a backup once it is primary, takes backups. Unused by solo. */
  readonly bind: Address;
  /** The primary to follow: set exactly when `role` is backup. */
  readonly join: Address | undefined;
  /** How long a backup tries to reach and catch up with a primary, in ms. */
  readonly joinTimeoutMs: number;
  /** The other node, asked first whether it is live with this run; only with role primary. */
  readonly peer: Address | undefined;

  readonly output: OutputPolicy;
  readonly degraded: DegradedPolicy;
  /** The guest starts when so many backups are in sync. */
  readonly waitBackups: number;
  readonly heartbeatMs: number;
  /** Silence after which a node counts as dead, in ms; at least twice `heartbeatMs`. */
  readonly timeoutMs: number;

  /** Directory of the log and the images; undefined: a temporary one, removed at the end; with role solo none. */
  readonly stateDir: string | undefined;
  /** Outputs leave once the log is on the disk itself; only with role solo and `stateDir`. */
  readonly sync: boolean;
  /** What a run of role solo does whose log can't be written. */
  readonly onLogError: LogErrorPolicy;
  /** What is in the way may be moved aside (to `….before-<run>`); nothing is deleted. */
  readonly overwrite: boolean;
  /** False: the log is not kept from message 0, so no backup can join after the start. */
  readonly lateJoin: boolean;
  /** Shell command run when this node has taken over. */
  readonly onTakeover: string | undefined;

  /** The guest's calls are shown on stderr. */
  readonly trace: boolean;
  /** Status lines: only errors and divergences. */
  readonly quiet: boolean;
  /** Status lines as one JSON object a line. */
  readonly json: boolean;
  /** Replication may use addresses beyond loopback, unencrypted. */
  readonly insecure: boolean;
};

/** Every default of `RunOptions`; help texts print these values. */
export const RUN_DEFAULTS: Omit<RunOptions, "module"> = {
  args: [],
  env: [],
  dirs: [],
  tcpListen: [],
  quantum: undefined,
  scheduleSeed: undefined,
  role: "solo",
  bind: { host: "127.0.0.1", port: 7400 },
  join: undefined,
  joinTimeoutMs: 30_000,
  peer: undefined,
  output: "commit",
  degraded: "run",
  waitBackups: 0,
  heartbeatMs: 100,
  timeoutMs: 500,
  stateDir: undefined,
  sync: false,
  onLogError: "stop",
  overwrite: false,
  lateJoin: true,
  onTakeover: undefined,
  trace: false,
  quiet: false,
  json: false,
  insecure: false,
};

/** The text form, as the command line takes it: `127.0.0.1:7400`, `[::1]:7400`. */
export function formatAddress(address: Address): string {
  const { host, port } = address;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
