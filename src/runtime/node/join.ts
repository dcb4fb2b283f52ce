import { decodeValue, type Frame } from "../../engine/frame.ts";
import { type Channel, nextFrame, openChannel } from "../channel.ts";
import { ReplrtError } from "../errors.ts";
import { bootMs } from "../host/clock.ts";
import { checkManifest } from "../mirror/check.ts";
import { compareDirectory } from "../mirror/compare.ts";
import { Filling } from "../mirror/fill.ts";
import type { DirectoryLock } from "../mirror/lock.ts";
import { setAside } from "../mirror/aside.ts";
import type { Manifest } from "../mirror/types.ts";
import { type Address, formatAddress } from "../options.ts";
import type { Chunk, Fetch } from "./admission.ts";
import { type Core, runText } from "./core.ts";
import {
  checkRefuse,
  checkWelcome,
  type Hello,
  type Welcome,
} from "./handshake.ts";
import { unhurried } from "./unhurried.ts";

/** Bytes of the largest manifest that is taken: about a million files. */
const MAX_MANIFEST = 256 << 20;

/** The connection broke in the middle; worth another try. */
class Broken extends Error {}

/** The HELLO of this node. */
export function helloOf(
  core: Core,
  phase: Hello["phase"],
  next: number,
): Hello {
  const { options, parts, machine, self } = core;
  return {
    phase,
    node: self,
    address: formatAddress(core.bind),
    run: core.epoch.number === 0 ? undefined : core.run,
    epoch: core.epoch.number === 0 ? undefined : core.epoch,
    next,
    module: parts.loaded.hash,
    machine,
    args: options.args,
    env: options.env,
    dirs: parts.directories.names,
    listeners: parts.sockets.handles.length,
  };
}

/**
 * Joins the run of the primary at `address`: agrees on the configuration, and brings the directories to the state that the log
 * starts from. Keeps trying until `--join-timeout` and says so once.
 *
 * @throws {ReplrtError} when the two nodes don't fit, a directory holds something else, or nobody takes this node in time.
 */
export async function joinRun(core: Core, address: Address): Promise<Welcome> {
  const { options, say } = core;
  const deadline = bootMs() + options.joinTimeoutMs;
  const where = formatAddress(address);
  let why = "nobody answers there";
  for (let told = false; bootMs() < deadline; told = true) {
    const channel = await openChannel(
      address,
      options.timeoutMs,
      core.envelope,
    );
    if (typeof channel !== "string") {
      const welcome = await tryJoin(core, channel, where);
      channel.destroy();
      if (typeof welcome !== "string") return welcome;
      why = welcome;
    }
    if (!told) say.event({ event: "waitingForPrimary", address: where });
    await new Promise((resolve) => setTimeout(resolve, options.heartbeatMs));
  }
  throw new ReplrtError(
    `cannot join ${where}: no primary took this node within ${options.joinTimeoutMs} ms (${why})`,
    "start the primary there, or give more time with --join-timeout",
  );
}

/** The welcome, or why there is none yet. */
async function tryJoin(
  core: Core,
  channel: Channel,
  where: string,
): Promise<Welcome | string> {
  channel.send({ kind: "hello", value: helloOf(core, "join", 0) });
  try {
    const frame = await frameOf(channel, core.options.timeoutMs, where);
    const welcome = welcomeOf(frame, where);
    if (typeof welcome === "string") return welcome;
    if (!fits(core, welcome)) throw strange(where, "welcome");
    core.parts.directories.shared.checkJoined(runText(welcome.run), where);
    const moved = claim(core, welcome, frame);
    if (moved !== undefined) {
      core.say.event({
        event: "moved",
        from: core.parts.state.path,
        to: moved,
      });
    }
    for (const [dir, lock] of core.parts.directories.locks.entries()) {
      await bring(core, channel, dir, lock, where);
    }
    await core.parts.directories.image(core.parts.state.path);
    return welcome;
  } catch (error) {
    if (error instanceof Broken) {
      return `the connection broke: ${error.message}`;
    }
    throw error;
  }
}

function claim(core: Core, welcome: Welcome, frame: Frame): string | undefined {
  core.run = new Uint8Array(welcome.run);
  core.epoch = frame.epoch;
  return core.parts.state.claim(core.runText, core.options.overwrite);
}

async function frameOf(
  channel: Channel,
  timeoutMs: number,
  where: string,
): Promise<Frame> {
  const answer = await nextFrame(channel, timeoutMs);
  if (answer.kind === "frame") return answer.frame;
  if (answer.kind === "problem") {
    throw new ReplrtError(
      `cannot join ${where}: it ${answer.reason}`,
      "give the --bind address of a replrt primary of this version with --join",
    );
  }
  throw new Broken(answer.kind);
}

/** The welcome in a frame, or why the node there takes nobody yet. */
function welcomeOf({ body }: Frame, where: string): Welcome | string {
  const welcome = body.kind === "welcome"
    ? checkWelcome(body.value)
    : undefined;
  if (welcome !== undefined) return welcome;
  if (body.kind !== "refuse") throw strange(where, body.kind);
  const { code, reason, next } = checkRefuse(body.value);
  if (code !== "mismatch") return reason;
  throw new ReplrtError(`cannot join ${where}: ${reason}`, next);
}

/** Whether this node has what the configuration of a welcome names. */
function fits({ parts }: Core, { config }: Welcome): boolean {
  const { names } = parts.directories;
  return config.dirs.length === names.length &&
    config.dirs.every(({ name, shared }, i) =>
      name === names[i]?.guest && shared === names[i]?.shared
    ) &&
    config.listeners === parts.sockets.handles.length;
}

function strange(where: string, answer: string): ReplrtError {
  return new ReplrtError(
    `cannot join ${where}: it answered ${answer}`,
    "use the same version of replrt on both nodes",
  );
}

/** Brings one directory to the state that the log starts from. */
async function bring(
  core: Core,
  channel: Channel,
  dir: number,
  lock: DirectoryLock,
  where: string,
): Promise<void> {
  const manifest = await fetchManifest(core, channel, dir, where);
  const found = await unhurried(compareDirectory(lock.path, manifest));
  if (found.kind === "equal") return;
  if (found.kind === "differs") {
    if (!core.options.overwrite) throw differs(lock.path, found);
    const to = setAside(lock, core.runText);
    core.say.event({ event: "moved", from: lock.path, to });
  }
  const filling = new Filling(lock, manifest, core.runText);
  try {
    for (
      let wanted = filling.wanted();
      wanted !== undefined;
      wanted = filling.wanted()
    ) {
      const { path, offset } = wanted;
      const { bytes } = await fetchChunk(
        core,
        channel,
        { dir, path, offset },
        where,
      );
      filling.write(path, offset, bytes);
    }
    filling.finish();
  } catch (error) {
    filling.abandon();
    throw error;
  }
}

function differs(
  path: string,
  { count, bytes }: { readonly count: number; readonly bytes: number },
): ReplrtError {
  return new ReplrtError(
    `cannot mirror into ${path}: it holds something else; ${count} entries (${bytes} bytes) would change`,
    `to move it to ${path}.before-<run> and take the primary's contents: add --overwrite`,
  );
}

async function fetchManifest(
  core: Core,
  channel: Channel,
  dir: number,
  where: string,
): Promise<Manifest> {
  const parts: Uint8Array[] = [];
  let have = 0;
  for (;;) {
    const { bytes, size } = await fetchChunk(core, channel, {
      dir,
      path: undefined,
      offset: have,
    }, where);
    if (!(size <= MAX_MANIFEST)) {
      throw new ReplrtError(
        `cannot join ${where}: the list of its directory ${dir} has ${size} bytes, ${MAX_MANIFEST} at most are taken`,
        "keep fewer files in the directory",
      );
    }
    parts.push(bytes);
    have += bytes.length;
    if (have >= size) break;
    if (bytes.length === 0) throw new Broken("an empty piece");
  }
  const all = new Uint8Array(have);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return checkManifest(decodeValue(all)?.value);
}

async function fetchChunk(
  core: Core,
  channel: Channel,
  fetch: Fetch,
  where: string,
): Promise<Chunk> {
  channel.send({ kind: "fetch", value: fetch });
  const { body } = await frameOf(channel, 10 * core.options.timeoutMs, where);
  if (body.kind === "refuse") {
    throw new ReplrtError(
      `cannot join ${where}: ${checkRefuse(body.value).reason}`,
      checkRefuse(body.value).next,
    );
  }
  const chunk = body.kind === "chunk" ? body.value as Chunk : undefined;
  if (!(chunk?.bytes instanceof Uint8Array)) throw new Broken("no chunk");
  return chunk;
}
