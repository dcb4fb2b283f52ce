/** Shared directories: storage that all nodes mount and the primary alone touches. @module */
import { type Descriptor, NO_HANDLE, type Shared } from "./descriptors.ts";
import { Errno } from "./errno.ts";
import type { Kernel } from "./kernel.ts";

/** How the names begin, in the root of a shared directory, of the file that says which primary has it, and of what it is made from; a guest's `fd_readdir` shows neither. */
export const LOCK_NAME = ".replrt-lock";

/** What a descriptor is of a shared directory, if it is. */
export function sharedOf(d: Descriptor | undefined): Shared | undefined {
  return d?.kind === "file" || d?.kind === "directory" ? d.shared : undefined;
}

/** `xdev` for a call on two directories of which one is shared. */
export function checkSameKind(k: Kernel, fd: number, other: number): number {
  const shared = sharedOf(k.fds.get(fd)) !== undefined;
  return shared === (sharedOf(k.fds.get(other)) !== undefined)
    ? Errno.success
    : Errno.xdev;
}

/** A device number for the inodes of a shared directory, that no device of a node has. */
export function deviceOf(shared: Shared): bigint {
  return -1n - BigInt(shared.root);
}

const SLASH = 0x2f;

/** `path` below a directory at `base`. */
export function joinPath(base: Uint8Array, path: Uint8Array): Uint8Array {
  if (base.length === 0) return path;
  const joined = new Uint8Array(base.length + 1 + path.length);
  joined.set(base);
  joined[base.length] = SLASH;
  joined.set(path, base.length + 1);
  return joined;
}

/**
 * Opens what the guest has open in shared directories, on the node that goes live. What is gone, because it had lost its last
 * name while it was open, stays unopened: calls on it give `stale`.
 */
export function reopenShared({ fds, host, roots }: Kernel): void {
  for (const [, d] of fds) {
    if (d.kind !== "file" && d.kind !== "directory") continue;
    const { shared } = d;
    if (shared === undefined || d.handle !== NO_HANDLE) continue;
    const root = roots[shared.root] as number;
    d.handle = Math.max(
      NO_HANDLE,
      host.reopen(root, shared.path, shared.file, shared.how),
    );
  }
}
