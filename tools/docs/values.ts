/** The fields of all values that travel as CBOR; the compiler holds them to the types in the code. @module */
import type { Member, Removal } from "../../src/engine/membership.ts";
import type { Chunk, Fetch } from "../../src/runtime/node/admission.ts";
import type { NodeStatus } from "../../src/runtime/node/core.ts";
import type {
  ThreadCreated,
  ThreadsWoken,
} from "../../src/wasi-intercept/messages.ts";
import type {
  Hello,
  Refuse,
  Welcome,
} from "../../src/runtime/node/handshake.ts";
import { table } from "./markdown.ts";

type Meanings<T> = { readonly [F in keyof T]-?: string };

const HELLO: Meanings<Hello> = {
  phase: "`join`: asks for configuration and images; `follow`: for the log",
  node: "node id, u32",
  address: "where it answers probes, HOST:PORT",
  run: "the run it holds, 16 bytes; undefined before it has one",
  epoch: "of the log it holds: number and node; undefined before it has one",
  next: "first number that it lacks",
  module: "SHA-256 of the module, hex",
  machine: "version of V8, architecture, CPU features",
  args: "the guest's arguments, if the operator repeated them",
  env: "its environment, if the operator repeated it",
  dirs:
    "its directories: the guest's name, whether it is shared, and what identifies the host's",
  listeners: "how many listening sockets it was given",
};

const WELCOME: Meanings<Welcome> = {
  run: "run id, 16 bytes",
  node: "node id of the primary",
  config: "what the guest sees of itself",
  serving: "where the guest is served now",
};

const REFUSE: Meanings<Refuse> = {
  code:
    "`mismatch`: the two don't fit; `backup`: it follows another; `busy`: try again",
  reason: "in words",
  next: "what the operator can do",
  address: "of the primary, if known",
};

const STATUS: Meanings<NodeStatus> = {
  node: "node id",
  role: "`primary` or `backup`",
  epoch: "number and node; undefined before it has one",
  members: "node ids of the members that its log names, in join order",
  next: "first number that its log lacks",
  heardMs: "since it heard its primary, in ms; 0 on a primary",
  module: "SHA-256 of the module, hex",
  address: "where it takes backups, or will",
  primary: "address of the primary that it follows",
};

const PROBE: Meanings<Pick<Hello, "node" | "address">> = {
  node: "who asks; a probe is a sign of life",
  address: "where that node answers probes",
};

const FETCH: Meanings<Fetch> = {
  dir: "number among the mirrored directories, from 0",
  path: "a file of the image; undefined: the manifest",
  offset: "first byte",
};

const CHUNK: Meanings<Chunk> = {
  bytes: "the piece",
  size: "of the whole manifest; of the piece, for a file",
};

const LEAVE: Meanings<Pick<Removal, "reason">> = { reason: "in words" };

const MEMBER: Meanings<Member> = {
  node: "node id",
  address: "where it answers probes",
  order: "joins of this epoch before it",
};

const CREATED: Meanings<ThreadCreated> = {
  parent: "the thread that made the head's one",
};

const WOKEN: Meanings<ThreadsWoken> = {
  tids: "the threads that can go on, in this order",
};

const REMOVAL: Meanings<Removal> = { node: "node id", reason: "in words" };

/** Frames whose body is a CBOR map, by kind. */
export const BODIES = {
  hello: HELLO,
  welcome: WELCOME,
  refuse: REFUSE,
  probe: PROBE,
  status: STATUS,
  fetch: FETCH,
  chunk: CHUNK,
  leave: LEAVE,
} as const;

/** Control messages whose DATA is a CBOR map that is not empty, by method. */
export const DATA = {
  processInit: {
    run: "run id, 16 bytes",
    module: "SHA-256 of the module, hex",
    machine: "version of V8, architecture, CPU features",
    config: "what the guest sees of itself",
    digests: "of the mirrored directories, in their order",
  },
  processExit: {
    kind: "`exit` or `trap`",
    code: "of an exit",
    reason: "of a trap",
    frames: "of a trap: the guest's functions, innermost first",
  },
  memberJoined: MEMBER,
  memberRemoved: REMOVAL,
  takeover: {
    epoch: "the new epoch: number and node",
    offsets: "added to the new primary's clocks: 3 × i64 in ns",
  },
  threadCreate: CREATED,
  threadsWoken: WOKEN,
} as const;

/** The fields of a CBOR map. */
export function fields(meanings: Readonly<Record<string, string>>): string {
  return table(["field", "meaning"], Object.entries(meanings));
}
