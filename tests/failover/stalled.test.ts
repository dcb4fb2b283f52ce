/** What a frozen primary had been allowed to release, but had not written yet. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { join } from "node:path/posix";
import { BRIEF, guest, killNodes } from "../kit/node.ts";
import { freePort, removeDirs, tempDir } from "../kit/place.ts";
import { startBackup, takenBy } from "./kit/cluster.ts";

const ROOT = join(import.meta.dirname as string, "../..");
const LAUNCHER = join(ROOT, "replrt");

/** More than pipe and output queue take together. */
const FLOOD = 64 << 20;
/** More than a pipe takes: when so much was read, the rest waits in the node. */
const ENOUGH = 256 << 10;
/** An empty pipe gives nothing for so long. */
const EMPTY_MS = 300;

test.after(async () => {
  await killNodes();
  removeDirs();
});

/** Counts what comes out of a pipe, when it is asked to. */
class Tap {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #pending: Promise<ReadableStreamReadResult<Uint8Array>> | undefined;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  /** Reads until `enough` bytes came, the pipe is empty for `EMPTY_MS`, or it ends; gives how many came. */
  async take(enough: number): Promise<number> {
    let bytes = 0;
    while (bytes < enough) {
      this.#pending ??= this.#reader.read();
      let timer: ReturnType<typeof setTimeout> | undefined;
      const empty = new Promise<undefined>((resolve) =>
        timer = setTimeout(() => resolve(undefined), EMPTY_MS)
      );
      const result = await Promise.race([this.#pending, empty]);
      clearTimeout(timer);
      if (result === undefined) return bytes;
      this.#pending = undefined;
      if (result.done) return bytes;
      bytes += result.value.length;
    }
    return bytes;
  }
}

test("what was acked but had not left when a primary froze does not leave after the takeover", async () => {
  const bind = `127.0.0.1:${freePort()}`;
  const primary = new Deno.Command(LAUNCHER, {
    args: [
      ...["run", guest("flood"), "--quiet", "--role", "primary"],
      ...[...BRIEF, "--bind", bind, "--wait-backups", "1", "--", `${FLOOD}`],
    ],
    cwd: ROOT,
    env: { REPLRT_DENO: Deno.execPath(), TMPDIR: tempDir() },
    stdout: "piped",
    stderr: "null",
  }).spawn();
  try {
    const backup = startBackup("flood", bind, {
      args: [`${FLOOD}`],
      options: BRIEF,
    });
    const tap = new Tap(primary.stdout);
    await backup.waitForEvent("following");
    for (let got = 0; got < ENOUGH;) got += await tap.take(ENOUGH - got);
    primary.kill("SIGSTOP");
    await takenBy(backup);
    assert.ok(await tap.take(FLOOD) < FLOOD, "nothing was left to leak");
    primary.kill("SIGCONT");
    assert.is(await tap.take(FLOOD), 0);
    assert.is((await primary.status).code, 125);
  } finally {
    try {
      primary.kill("SIGKILL");
    } catch {
      // It has ended, as it should.
    }
  }
});

test.run();
