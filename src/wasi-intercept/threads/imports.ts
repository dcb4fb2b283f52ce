import { Errno } from "../errno.ts";
import type { Import } from "../specialise.ts";
import type { Syscall } from "../syscall.ts";
import type { Parking, Scheduler } from "./scheduler.ts";

/** An import of a guest with threads: one that may park its thread gives a promise then. */
export interface ThreadedImport {
  readonly parks: boolean;
  readonly run: (...args: (number | bigint)[]) => Parking;
}

/** Makes the import of a row for a guest with threads, from one that answers `WAITS`. */
export function threaded(
  row: Syscall,
  call: Import,
  scheduler: Scheduler,
): ThreadedImport {
  const actsOnFd = row.params[0]?.[0] === "fd";
  switch (row.parks) {
    case "waits":
      return {
        parks: true,
        run: (...args) =>
          scheduler.call(
            () => call(...args),
            actsOnFd ? Number(args[0]) >>> 0 : undefined,
          ),
      };
    case "yields":
      return { parks: true, run: (...args) => scheduler.pass(call(...args)) };
    case "ends":
      return { parks: true, run: (...args) => ending(call, args, scheduler) };
    default:
      return { parks: false, run: closing(row, call, scheduler) };
  }
}

/** A call that ends the process, if it does: no frame of the guest sees it. */
function ending(
  call: Import,
  args: readonly (number | bigint)[],
  scheduler: Scheduler,
): Parking {
  try {
    return call(...args);
  } catch (error) {
    return scheduler.end(error);
  }
}

/** A call that takes descriptors away tells the threads that wait for them. */
function closing(row: Syscall, call: Import, scheduler: Scheduler): Import {
  if (row.fds !== "removes" && row.fds !== "moves") return call;
  return (...args) => {
    const errno = call(...args);
    if (errno !== Errno.success) return errno;
    const count = row.fds === "moves" ? 2 : 1;
    for (const fd of args.slice(0, count)) scheduler.closed(Number(fd) >>> 0);
    return errno;
  };
}
