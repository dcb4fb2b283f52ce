import type { Role } from "../runtime/options.ts";

/**
 * Who may use an option: every command that runs a program, every role of `replrt run`, every node that replicates, or one role
 * only. `starting` is every node but a backup; `following` is a backup, or a primary with `--peer`, which becomes a backup when the other node is live.
 */
export type Audience =
  | "all"
  | "run"
  | "starting"
  | "solo"
  | "nodes"
  | "primary"
  | "backup"
  | "following";

/** True when a node of this role, with or without `--peer`, belongs to the audience. */
export function suits(
  audience: Audience,
  role: Role,
  hasPeer: boolean,
): boolean {
  switch (audience) {
    case "all":
    case "run":
      return true;
    case "starting":
      return role !== "backup";
    case "solo":
      return role === "solo";
    case "nodes":
      return role !== "solo";
    case "primary":
      return role === "primary";
    case "backup":
      return role === "backup";
    case "following":
      return role === "backup" || (role === "primary" && hasPeer);
  }
}

/** For error texts: whom the option is for, and what to say on the command line to be that. */
export const AUDIENCES: {
  readonly [A in Exclude<Audience, "all" | "run">]: {
    whom: string;
    say: string;
  };
} = {
  starting: {
    whom: "a node that starts a run: a backup has its primary's",
    say: "--role solo or primary",
  },
  solo: { whom: "a program without backups", say: "--role solo" },
  nodes: { whom: "a primary or a backup", say: "--role primary or backup" },
  primary: { whom: "a primary", say: "--role primary" },
  backup: { whom: "a backup", say: "--role backup" },
  following: {
    whom: "a backup, or a primary with --peer",
    say: "--role backup, or --role primary with --peer",
  },
};
