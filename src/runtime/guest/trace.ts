/** Shows a guest's calls on stderr while it runs; nothing of this is loaded without `--trace`. @module */
import { type Argument, argumentsOf } from "../../wasi-intercept/describe.ts";
import type { Kernel } from "../../wasi-intercept/kernel.ts";
import type { GuestMemory } from "../../wasi-intercept/memory.ts";
import type { Import } from "../../wasi-intercept/specialise.ts";
import { PID } from "../../wasi-intercept/messages.ts";
import type { Syscall } from "../../wasi-intercept/syscall.ts";
import { WAITS } from "../../wasi-intercept/waiting.ts";
import { writeStderr } from "../host/stderr.ts";
import {
  callJson,
  callText,
  painter,
  threadText,
} from "../recording/print_call.ts";
import { OpenFds } from "../recording/print_fds.ts";
import type { GuestConfig } from "./config.ts";
import type { TraceStyle } from "./trace_style.ts";

/** Makes the import of a row. */
export type Link = (row: Syscall, kernel: Kernel) => Import;

/** What stands for the errno of a call that ended its guest. */
const NEVER_RETURNED = -1;

/**
 * As `link`, but each call is shown when it returns, with its outcome, or when it ends the guest; `tid` gives the thread that calls,
 * where there may be several.
 */
export function traced(
  link: Link,
  config: GuestConfig,
  { json, colours }: TraceStyle,
  tid?: () => number,
): Link {
  const fds = new OpenFds(config);
  const style = { paint: painter(colours), pointers: false };
  const show = (
    row: Syscall,
    args: readonly Argument[],
    errno: number,
    data: Uint8Array,
  ) => {
    const seen = fds.see({ row, intent: false, args, errno, data });
    const thread = tid && { pid: PID, tid: tid() };
    writeStderr(
      json
        ? JSON.stringify({ event: "call", ...thread, ...callJson(seen) })
        : `${thread ? `${threadText(thread, style.paint)} ` : ""}${
          callText(seen, style)
        }`,
    );
  };
  return (row, kernel) => {
    const call = link(row, kernel);
    return (...given) => {
      const args = argumentsOf(
        row,
        given,
        (pointer, size) => copied(kernel.memory, pointer, size),
      );
      let errno = NEVER_RETURNED;
      try {
        errno = call(...given);
      } finally {
        if (errno !== WAITS) {
          const data = errno === 0 ? broughtBy(row, kernel, args) : NOTHING;
          show(row, args, errno, data);
        }
      }
      return errno;
    };
  };
}

const NOTHING = new Uint8Array(0);

function copied(
  memory: GuestMemory,
  pointer: number,
  size: number,
): Uint8Array {
  return memory.fits(pointer, size)
    ? memory.slice(pointer, size).slice()
    : NOTHING;
}

/** The outcome as a row describes it: DATA, or what a local row wrote to its `out` parameters. */
function broughtBy(
  row: Syscall,
  { data, memory }: Kernel,
  args: readonly Argument[],
): Uint8Array {
  if (row.effect !== "local") return data.slice(0, data.size);
  const written = row.params.flatMap((param, i) =>
    param[1] === "out"
      ? [...memory.slice(Number(args[i]?.value), param[2])]
      : []
  );
  return new Uint8Array(written);
}
