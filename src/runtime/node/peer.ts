import { runTag, sameRun } from "../../engine/epoch.ts";
import { NO_CLOCKS } from "../../engine/frame.ts";
import { ReplrtError } from "../errors.ts";
import { bootMs } from "../host/clock.ts";
import { type Address, formatAddress, type RunOptions } from "../options.ts";
import { type Asker, parseAddress, probe, statusOf } from "./probes.ts";

/** How long a peer that still follows our former self is given to take over, in time-outs. */
const PATIENCE = 4;

/**
 * Asks the node at `--peer` whether the run lives on there (rule 2).
 *
 * Gives the address to join as a backup, or undefined when nobody is there and this node may start a run of its own.
 *
 * @param module SHA-256 of this node's module.
 * @param held the run of the state directory, if it holds one.
 *
 * @throws {ReplrtError} when another program's run lives there, or it can't be told who is primary.
 */
export async function runningAt(
  peer: Address,
  options: RunOptions,
  module: string,
  held: string | undefined,
): Promise<Address | undefined> {
  const where = formatAddress(peer);
  const deadline = bootMs() + PATIENCE * options.timeoutMs;
  for (;;) {
    const answer = await probe(stranger(options), where);
    if (answer.kind === "problem") {
      throw new ReplrtError(
        `cannot ask ${where}: it ${answer.reason}`,
        "give the --bind address of the other node with --peer",
      );
    }
    if (answer.kind === "silent" && options.degraded === "stop") {
      throw new ReplrtError(
        `cannot start beside ${where}: it gives no answer, and --degraded stop was asked for`,
        "see whether the run lives on there before you start this node",
      );
    }
    if (answer.kind !== "frame") return undefined;
    const status = statusOf(answer.frame);
    if (status === undefined) {
      throw new ReplrtError(
        `cannot ask ${where}: it gave no status`,
        "use the same version of replrt on both nodes",
      );
    }
    const foreign = status.module !== module ||
      (held !== undefined && !sameRun(answer.frame.run, runTag(bytesOf(held))));
    if (foreign) {
      throw foreignRun(where, status.module, module, held);
    }
    if (status.role === "primary") return peer;
    if (bootMs() > deadline) {
      const primary = followed(where, status.primary);
      return status.epoch === undefined && await isGone(primary, options)
        ? undefined
        : primary;
    }
    await new Promise((resolve) => setTimeout(resolve, options.heartbeatMs));
  }
}

/** A node that is of no run yet. */
function stranger(options: RunOptions): Asker {
  const envelope = {
    run: { low: 0, high: 0 },
    epoch: { number: 0, node: 0 },
    clocks: NO_CLOCKS,
  };
  return { self: 0, bind: options.bind, options, envelope: () => envelope };
}

function bytesOf(hex: string): Uint8Array {
  return new Uint8Array(hex.match(/../g)!.map((byte) => parseInt(byte, 16)));
}

function foreignRun(
  where: string,
  theirs: string,
  ours: string,
  held: string | undefined,
): ReplrtError {
  const what = theirs === ours
    ? `another run than ${held}`
    : `module ${theirs}, not ${ours}`;
  return new ReplrtError(
    `cannot start beside ${where}: it runs ${what}`,
    "give the address of the node that runs this program with --peer, or another --state-dir",
  );
}

/** Whether nobody takes connections at the address of the primary that a backup of no run yet waits for: it may be this node's own. */
async function isGone(
  primary: Address,
  options: RunOptions,
): Promise<boolean> {
  const answer = await probe(stranger(options), formatAddress(primary));
  return answer.kind === "refused";
}

/** The peer is a backup of a living primary: that is the one to join. */
function followed(where: string, primary: string | undefined): Address {
  const address = primary === undefined ? undefined : parseAddress(primary);
  if (address !== undefined) return address;
  throw new ReplrtError(
    `cannot start: ${where} is a backup that waits for a primary`,
    "start that node again when this one runs, or leave --peer out",
  );
}
