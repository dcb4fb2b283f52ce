import type { StatusAnswer } from "./embedding.ts";
import { ReplrtError } from "./errors.ts";
import type { Parent } from "./host/parent.ts";
import { beforeSignal } from "./host/signals.ts";
import { loadModule } from "./module/load.ts";
import { startBackup } from "./node/backup.ts";
import { Core } from "./node/core.ts";
import { Directories } from "./node/directories.ts";
import { runningAt } from "./node/peer.ts";
import { startPrimary } from "./node/primary.ts";
import { GuestSockets } from "./node/sockets.ts";
import { runSoloNode } from "./node/solo.ts";
import { StateDir } from "./node/state_dir.ts";
import type { RunOptions } from "./options.ts";
import { runKept } from "./recording/solo_log.ts";
import { Say } from "./say.ts";

/** How long an ending node tries to write its last status lines, in ms. */
const LAST_LINES_MS = 1000;

/**
 * Runs one node to its end and gives its exit code: the guest's own, 134 after a trap, 123 after a divergence.
 *
 * @param parent the program that embeds this node: it gets the status lines, and answers when it asks.
 * @throws {ReplrtError} for what the operator has to mend.
 */
export function runNode(
  options: RunOptions,
  parent?: Parent,
): Promise<number> {
  if (Deno.build.os !== "linux") {
    throw new ReplrtError(
      `cannot run on ${Deno.build.os}: only Linux has the calls in use`,
      "use Linux on x86-64 or arm64",
    );
  }
  const say = new Say(options, parent?.handle);
  const { role, stateDir } = options;
  if (role !== "solo") return runReplicated(options, say, parent);
  return stateDir === undefined
    ? runSoloNode(options, say)
    : runKept({ ...options, stateDir }, say);
}

async function runReplicated(
  options: RunOptions,
  say: Say,
  parent: Parent | undefined,
): Promise<number> {
  const loaded = loadModule(options.module);
  const state = StateDir.open(options.stateDir);
  const endWatch = beforeSignal(() => state.close());
  try {
    const join = options.join ?? (options.peer &&
      await runningAt(options.peer, options, loaded.hash, state.run));
    const directories = new Directories(
      options,
      join === undefined ? "refuse" : "make",
    );
    const core = new Core({
      options,
      say,
      loaded,
      state,
      directories,
      sockets: new GuestSockets(options.tcpListen),
    });
    parent?.onQuestion(() => say.lines([JSON.stringify(answerOf(core))]));
    await Promise.race([
      join === undefined ? startPrimary(core) : startBackup(core, join),
      core.ended,
    ]);
    const end = await core.ended;
    if ("bug" in end) throw new Error(end.bug);
    if ("error" in end) throw end.error;
    return end.code;
  } finally {
    endWatch();
    state.close();
    await say.flush(LAST_LINES_MS);
  }
}

/** What an embedding program is told that asks. */
function answerOf(core: Core): StatusAnswer {
  const { role, node, epoch, members, next, address, primary } = core.status();
  return {
    status: {
      role: epoch === undefined ? "starting" : role,
      node,
      run: core.runText,
      epoch: epoch?.number ?? null,
      members,
      seq: next,
      bind: address,
      primary: primary ?? null,
    },
  };
}
