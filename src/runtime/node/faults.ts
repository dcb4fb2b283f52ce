import { Control } from "../../engine/message.ts";
import { MessageHeader } from "../../engine/message.ts";
import { viewOf } from "../../engine/batch.ts";
import { describeMessage } from "../../wasi-intercept/describe.ts";
import { ReplrtError } from "../errors.ts";
import type { GuestReport } from "../guest/protocol.ts";
import type { Core } from "./core.ts";
import type { LogFile } from "./log_file.ts";

/** Exit code of a node whose guest parted from its log. */
export const EXIT_DIVERGENCE = 123;

/** Calls that a divergence report shows before the one that differs. */
const RECENT = 20;

/** A report after which a node can't follow its log. */
export type Fault = Exclude<GuestReport, { kind: "ready" | "live" | "ended" }>;

/** What of a node a fault concerns. */
export type Faulty = Pick<Core, "say" | "end"> & {
  readonly log: Pick<LogFile, "read"> | undefined;
};

/** Ends the node for what its guest reported; `leave` tells the primary why first. */
export function endForFault(
  core: Faulty,
  fault: Fault,
  leave: (reason: string) => void,
): void {
  switch (fault.kind) {
    case "diverged": {
      const { seq, replayed } = fault;
      const recorded = fault.recorded === replayed
        ? `${replayed} with other contents`
        : fault.recorded;
      core.say.event({
        event: "divergence",
        report: { seq, recorded, replayed, calls: recentCalls(core, seq) },
      });
      leave(
        `it diverged at message ${seq}: the log has ${recorded}, its program called ${replayed}`,
      );
      return core.end({ code: EXIT_DIVERGENCE });
    }
    case "storage":
      leave(`its storage failed: ${fault.reason}`);
      return core.end({
        error: new ReplrtError(
          `cannot follow the log on this node's directories: ${fault.reason}`,
          "mend the disk or the directory, then join again with --overwrite",
        ),
      });
    case "resource":
      leave(
        `its program trapped where the primary's went on: ${fault.end.reason}`,
      );
      core.say.end(fault.end);
      return core.end({
        error: new ReplrtError(
          `cannot follow the log: the program trapped here (${fault.end.reason}) where the primary's went on`,
          "give this node as much memory and stack as the primary has",
        ),
      });
    case "refused":
      leave(`it cannot run the module: ${fault.message}`);
      return core.end({ error: new ReplrtError(fault.message, fault.next) });
    case "bug":
      leave("it has a bug");
      return core.end({ bug: fault.text });
  }
}

/** The calls before message `seq`, oldest first, as text; what the log on disk does not give is left out. */
function recentCalls(core: Faulty, seq: number): string[] {
  const calls: string[] = [];
  for (let next = Math.max(0, seq - RECENT); next < seq;) {
    const batch = core.log?.read(next);
    if (batch === undefined) break;
    const view = viewOf(batch.bytes);
    let number = batch.first;
    for (let at = 0; at < batch.bytes.length; number++) {
      const data = at + MessageHeader.size;
      const size = view.getUint32(at + MessageHeader.at.dataSize, true);
      const method = view.getUint16(at + MessageHeader.at.method, true);
      const errno = method === Control.processInit
        ? undefined
        : view.getUint16(at + MessageHeader.at.errno, true);
      if (number >= next && number < seq) {
        calls.push(
          `${number} ${
            describeMessage(
              method,
              batch.bytes.subarray(data, data + size),
              errno,
            )
          }`,
        );
      }
      at += view.getUint32(at + MessageHeader.at.size, true);
    }
    next = number;
  }
  return calls;
}
