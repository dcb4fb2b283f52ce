import { Data } from "../../wasi-intercept/data.ts";
import {
  type Descriptor,
  Descriptors,
  FileType,
} from "../../wasi-intercept/descriptors.ts";
import type { Host } from "../../wasi-intercept/host.ts";
import { Inodes } from "../../wasi-intercept/inodes.ts";
import type { Kernel, Outputs } from "../../wasi-intercept/kernel.ts";
import { GuestMemory } from "../../wasi-intercept/memory.ts";
import {
  ALL_RIGHTS,
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
  /** Runs the guest to its end. @throws {unknown} what ended it, if it did not return. */
  start(): void;
}

const encoder = new TextEncoder();

function cStrings(strings: readonly string[]): Uint8Array[] {
  return strings.map((s) => encoder.encode(`${s}\0`));
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
      inheriting: 0n,
      output,
      handle: fd,
    });
  }
  const common = { flags: 0, rights: ALL_RIGHTS, inheriting: ALL_RIGHTS };
  const open: Descriptor[] = [
    ...config.dirs.map((name, i): Descriptor => ({
      ...common,
      kind: "directory",
      filetype: FileType.directory,
      handle: handles.dirs[i] as number,
      preopen: encoder.encode(name),
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
  const kernel = {
    memory: undefined as unknown as GuestMemory,
    fds: descriptorsOf(parts),
    args: cStrings(parts.config.args),
    environ: cStrings(environOf(parts.config)),
    host: parts.host,
    data: parts.data,
    outputs: parts.outputs,
    inodes: new Inodes(),
    opened: -1,
    flush: parts.flush,
  };
  const imports = Object.fromEntries(
    TABLE.map((row) => [row.name, link(row, kernel)]),
  );
  const { exports } = instanceOf(module, imports);
  kernel.memory = new GuestMemory(exports.memory as WebAssembly.Memory);
  return { kernel, exports, start: exports._start as () => void };
}

function instanceOf(
  module: WebAssembly.Module,
  imports: Record<string, Import>,
): WebAssembly.Instance {
  try {
    return new WebAssembly.Instance(module, {
      wasi_snapshot_preview1: typedImports(imports),
    });
  } catch (error) {
    if (!(error instanceof WebAssembly.LinkError)) throw error;
    throw new ReplrtError(
      `cannot link the module: ${error.message}`,
      "build it for wasm32-wasip1",
    );
  }
}
