import { Data } from "../../wasi-intercept/data.ts";
import {
  type Descriptor,
  Descriptors,
  FileType,
  NO_HANDLE,
  type Shared,
} from "../../wasi-intercept/descriptors.ts";
import type { Host } from "../../wasi-intercept/host.ts";
import { Inodes } from "../../wasi-intercept/inodes.ts";
import type { Kernel, Outputs } from "../../wasi-intercept/kernel.ts";
import { GuestMemory } from "../../wasi-intercept/memory.ts";
import { WaitAlone } from "../../wasi-intercept/until.ts";
import type { Waiting } from "../../wasi-intercept/waiting.ts";
import {
  DIRECTORY_RIGHTS,
  INHERITABLE_RIGHTS,
  LISTENER_RIGHTS,
  STREAM_RIGHTS,
} from "../../wasi-intercept/rights.ts";
import type { Import } from "../../wasi-intercept/specialise.ts";
import type { Syscall } from "../../wasi-intercept/syscall.ts";
import { TABLE } from "../../wasi-intercept/table.ts";
import { ReplrtError } from "../errors.ts";
import { environOf, type GuestConfig, type GuestHandles } from "./config.ts";
import { typedImports } from "./typed_imports.ts";
import { STDERR_SLOT, STDOUT_SLOT } from "./local.ts";

/** What a guest process stands on. */
export interface ProcessParts {
  readonly config: GuestConfig;
  readonly handles: GuestHandles;
  readonly host: Host;
  readonly data: Data;
  readonly outputs: Outputs;
  readonly flush: () => void;
}

/** A guest that is instantiated but has not run. */
export interface Process {
  readonly kernel: Kernel;
  readonly exports: WebAssembly.Exports;
  /** Runs the guest to its end; one with threads has ended when the promise has. @throws {unknown} what ended it, if it did not return. */
  start(): void | Promise<void>;
}

const encoder = new TextEncoder();

function cStrings(strings: readonly string[]): Uint8Array[] {
  return strings.map((s) => encoder.encode(`${s}\0`));
}

/** A given directory that all nodes mount; it stays open. */
function rootOf(root: number): Shared {
  const how = {
    oflags: 0,
    fdflags: 0,
    read: true,
    write: false,
    follow: false,
  };
  return {
    root,
    path: new Uint8Array(0),
    file: { ino: 0n, born: 0n },
    how,
    offset: 0n,
  };
}

/** Descriptors 0 to 2, then the directories, then the listening sockets. */
function descriptorsOf({ config, handles }: ProcessParts): Descriptors {
  const fds = new Descriptors();
  const slots = [-1, STDOUT_SLOT, STDERR_SLOT];
  for (const [fd, output] of slots.entries()) {
    const filetype = config.stdio[fd] ?? FileType.unknown;
    fds.add({
      kind: "stream",
      filetype,
      flags: 0,
      rights: STREAM_RIGHTS,
      inheriting: 0,
      output,
      ended: false,
      handle: fd,
    });
  }
  const common = {
    flags: 0,
    rights: DIRECTORY_RIGHTS,
    inheriting: INHERITABLE_RIGHTS,
  };
  const open: Descriptor[] = [
    ...config.dirs.map(({ name, shared }, i): Descriptor => ({
      ...common,
      kind: "directory",
      filetype: FileType.directory,
      handle: handles.dirs[i] as number,
      preopen: encoder.encode(name),
      shared: shared ? rootOf(i) : undefined,
      entries: undefined,
    })),
    ...handles.listeners.map((handle): Descriptor => ({
      kind: "listener",
      filetype: FileType.socketStream,
      flags: 0,
      rights: LISTENER_RIGHTS,
      inheriting: STREAM_RIGHTS,
      handle,
    })),
  ];
  for (const descriptor of open) fds.add(descriptor);
  return fds;
}

/** Most that an intent's `look` writes. */
const INTENT_SIZE = 64;

function intentData(): Data {
  const data = new Data();
  const bytes = new Uint8Array(INTENT_SIZE);
  data.place(new DataView(bytes.buffer), bytes, 0, 0);
  return data;
}

/**
 * Instantiates a guest; `link` makes the import of each row.
 *
 * @throws {ReplrtError} when the module's imports have another type than the spec's.
 */
export function instantiate(
  module: WebAssembly.Module,
  parts: ProcessParts,
  link: (row: Syscall, kernel: Kernel) => Import,
): Process {
  const { host, outputs, flush } = parts;
  const kernel = kernelOf(parts, new WaitAlone(host, outputs, flush));
  const imports = Object.fromEntries(
    TABLE.map((row) => [row.name, link(row, kernel)]),
  );
  const { exports } = instanceOf(module, imports);
  kernel.memory = new GuestMemory(exports.memory as WebAssembly.Memory);
  return { kernel, exports, start: exports._start as () => void };
}

/** A kernel whose guest has no memory yet. */
export function kernelOf(
  parts: ProcessParts,
  waiting: Waiting,
): Kernel & { memory: GuestMemory } {
  return {
    memory: undefined as unknown as GuestMemory,
    fds: descriptorsOf(parts),
    args: cStrings(parts.config.args),
    environ: cStrings(environOf(parts.config)),
    host: parts.host,
    data: parts.data,
    outputs: parts.outputs,
    waiting,
    inodes: new Inodes(),
    opened: NO_HANDLE,
    roots: parts.handles.dirs,
    intents: parts.config.intents,
    intent: intentData(),
    again: false,
  };
}

function instanceOf(
  module: WebAssembly.Module,
  imports: Record<string, Import>,
): WebAssembly.Instance {
  const typed = typedImports(imports);
  return linked(module, {
    wasi_snapshot_preview1: typed,
    wasi_unstable: typed,
  });
}

/** Instantiates a module. @throws {ReplrtError} when its imports have another type than `imports`. */
export function linked(
  module: WebAssembly.Module,
  imports: WebAssembly.Imports,
): WebAssembly.Instance {
  try {
    return new WebAssembly.Instance(module, imports);
  } catch (error) {
    if (!(error instanceof WebAssembly.LinkError)) throw error;
    throw new ReplrtError(
      `cannot link the module: ${error.message}`,
      "build it for wasm32-wasip1",
    );
  }
}
