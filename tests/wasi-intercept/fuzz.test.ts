// timeout 240 s
/** Hostile calls get errnos and nothing else; a backup that follows them ends in the same state. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Buffer } from "node:buffer";
import { mixBytes } from "../../src/bytes/digest.ts";
import {
  addressOf,
  bindSocket,
  listenOn,
} from "../../src/runtime/host/socket.ts";
import { TABLE } from "../../src/wasi-intercept/table.ts";
import { removeDirs, tempDir, treeOf } from "../kit/place.ts";
import { Random } from "../kit/random.ts";
import { type HostileCall, Hostility, writableBy } from "./hostile.ts";
import { numbered, Rig, WouldWait } from "./rig.ts";

const ROUNDS = 20, CALLS = 1000;
const ONLY = Deno.env.get("SEED");
const SEEDS = ONLY === undefined
  ? Array.from({ length: ROUNDS }, (_, i) => 1000 + i)
  : [Number(ONLY)];

/** A directory with a file of each kind, links out of it, and a deep end. */
function plantDir(): string {
  const dir = tempDir();
  Deno.mkdirSync(`${dir}/sub/deep`, { recursive: true });
  Deno.mkdirSync(`${dir}/empty`);
  Deno.mkdirSync(`${dir}/full`);
  for (let i = 0; i < 50; i++) Deno.writeTextFileSync(`${dir}/full/${i}`, "");
  for (const name of ["a", "b", "sub/a", "sub/b"]) {
    Deno.writeTextFileSync(
      `${dir}/${name}`,
      `contents of ${name}\n`.repeat(99),
    );
  }
  for (
    const [name, target] of [
      ["in", "sub/a"],
      ["out", "/etc"],
      ["abs", "/etc/passwd"],
      ["loop", "loop"],
      ["up", ".."],
      ["sub/up", "../.."],
    ] as const
  ) Deno.symlinkSync(target, `${dir}/${name}`);
  return dir;
}

/** Some other side of the guest's connections, which sends, reads and leaves as it likes. */
class Peers {
  readonly listener: number;
  readonly #port: number;
  readonly #random: Random;
  #open: Deno.TcpConn[] = [];

  constructor(seed: number) {
    const any = { host: "127.0.0.1", port: 0 };
    this.listener = bindSocket(any, "");
    listenOn(this.listener, any, "");
    this.#port = addressOf(this.listener, any).port;
    this.#random = new Random(seed);
  }

  async stir(): Promise<void> {
    if (this.#open.length < 6) {
      const peer = await Deno.connect({ port: this.#port }).catch(() => {});
      if (peer === undefined) return; // the guest has closed its listener
      await peer.write(this.#random.bytes(1 + this.#random.below(5000)));
      this.#open.push(peer);
    } else this.#open.shift()!.close();
  }

  /** Leaves the listener to the guest, which may have closed it. */
  close(): void {
    for (const peer of this.#open) peer.close();
  }
}

function describe(step: number, { row, args }: HostileCall): string {
  return `call ${step}: ${row.name}(${args.join(", ")})`;
}

/** Makes a call; its errno, or `undefined` where it would wait. */
function make(rig: Rig, call: HostileCall): number | undefined {
  for (const [at, bytes] of call.pokes) {
    rig.memory.set(bytes.subarray(0, rig.memory.length - at), at);
  }
  try {
    return rig.call[call.row.name]!(...call.args);
  } catch (error) {
    if (error instanceof WouldWait) return undefined;
    throw error;
  }
}

/** Makes a call and holds that it gives an errno and changes what it may alone. */
function makeChecked(
  rig: Rig,
  call: HostileCall,
  where: string,
): number | undefined {
  for (const [at, bytes] of call.pokes) {
    rig.memory.set(bytes.subarray(0, rig.memory.length - at), at);
  }
  const before = Buffer.from(rig.memory.slice());
  const writable = writableBy(rig, call);
  const errno = make(rig, call);
  const known = errno === undefined ||
    (Number.isInteger(errno) && errno >= 0 && errno <= 76);
  assert.ok(known, `${where} gives ${errno}`);
  const after = Buffer.from(rig.memory.slice());
  if (errno === 0) {
    for (const [at, size] of writable) {
      before.fill(
        0,
        Math.min(at, before.length),
        Math.min(at + size, before.length),
      );
      after.fill(
        0,
        Math.min(at, after.length),
        Math.min(at + size, after.length),
      );
    }
  }
  assert.ok(
    before.equals(after),
    `${where} = ${errno} writes where it may not`,
  );
  return errno;
}

function hash(rig: Rig): number {
  return mixBytes(0, rig.kernel.memory.view, 0, rig.memory.length);
}

/** What a live run left behind, for a backup to compare with. */
interface Live {
  /** By step: the errno and the memory's hash after it; `undefined` where it would have waited. */
  readonly steps: readonly (readonly [number, number] | undefined)[];
  readonly messages: readonly Uint8Array[];
}

/** How often each function was called with success, in all rounds. */
const succeeded = new Map<string, number>();

function times(name: string): number {
  return succeeded.get(name) ?? 0;
}

async function runLive(seed: number, dirs: string[]): Promise<Live> {
  const peers = new Peers(seed);
  const rig = new Rig({ dirs, listeners: [peers.listener] });
  const hostility = new Hostility(new Random(seed));
  const steps: ([number, number] | undefined)[] = [];
  const messages: Uint8Array[] = [];
  for (let step = 0; step < CALLS; step++) {
    if (step % 50 === 0) await peers.stir();
    const call = hostility.next();
    const errno = makeChecked(rig, call, describe(step, call));
    if (errno === 0) succeeded.set(call.row.name, 1 + times(call.row.name));
    steps.push(errno === undefined ? undefined : [errno, hash(rig)]);
    messages.push(...rig.drain());
  }
  peers.close();
  return { steps, messages };
}

function follow(seed: number, dirs: string[], live: Live): void {
  const unused = bindSocket({ host: "127.0.0.1", port: 0 }, "");
  const rig = new Rig({ dirs, listeners: [unused], following: true });
  const hostility = new Hostility(new Random(seed));
  let fed = 0;
  for (const [step, seen] of live.steps.entries()) {
    const call = hostility.next();
    if (seen === undefined) {
      for (const [at, bytes] of call.pokes) {
        rig.memory.set(bytes.subarray(0, rig.memory.length - at), at);
      }
      continue;
    }
    if (fed === rig.messages.seq && fed < live.messages.length) {
      rig.feed([live.messages[fed++]!]);
    }
    const where = describe(step, call);
    assert.is(make(rig, call), seen[0], where);
    assert.is(hash(rig), seen[1], `memory after ${where}`);
    rig.drain();
  }
  assert.is(rig.messages.seq, live.messages.length);
}

test.after(removeDirs);

for (const seed of SEEDS) {
  test(`hostile calls give errnos, and a backup follows them (seed ${seed})`, async () => {
    try {
      const [primary, backup] = [plantDir(), plantDir()];
      const live = await runLive(seed, [primary, `${primary}/sub`]);
      follow(seed, [backup, `${backup}/sub`], live);
      const left = treeOf(primary);
      assert.equal(Object.keys(treeOf(backup)), Object.keys(left));
      assert.ok(JSON.stringify(treeOf(backup)) === JSON.stringify(left));
    } catch (error) {
      console.log(
        `replay: SEED=${seed} deno run -A tests/wasi-intercept/fuzz.test.ts`,
      );
      throw error;
    }
  });
}

test("the rounds call every function with success", () => {
  if (ONLY !== undefined) return;
  const rare = TABLE.filter(({ name, supported }) =>
    supported && name !== "proc_exit" && times(name) < 10
  );
  assert.equal(rare.map(({ name }) => `${name} ${times(name)}`), []);
});

test("a changed message is found as a divergence", () => {
  const live = new Rig();
  live.call.clock_time_get!(0, 1n, 64);
  const [message] = live.drain();
  const backup = new Rig({ following: true });
  backup.feed([numbered(message!, 1)]);
  assert.throws(() => backup.call.clock_time_get!(1, 1n, 64), /clock_time_get/);
});

test.run();
