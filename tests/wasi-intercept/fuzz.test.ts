// timeout 600 s
/** Hostile calls get errnos and touch nothing else; a backup that follows them ends in the same state. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  addressOf,
  bindSocket,
  listenOn,
} from "../../src/runtime/host/socket.ts";
import { TABLE } from "../../src/wasi-intercept/table.ts";
import { removeDirs, tempDir, treeOf } from "../kit/place.ts";
import { Random } from "../kit/random.ts";
import { FuzzGuest, type GuestKind, type Outcome } from "./fuzz_guest.ts";
import { type HostileCall, Hostility } from "./hostile.ts";
import { numbered, Rig } from "./rig.ts";

const CALLS = 1000;
const ONLY = Deno.env.get("SEED");

/** Kinds of guests, by the first seed of their rounds. A large memory is taken from the system only where it is touched. */
const KINDS: readonly (GuestKind & { first: number; rounds: number })[] = [
  { first: 1000, rounds: 62, pages: [1, 4], solo: false },
  { first: 2000, rounds: 36, pages: [1, 4], solo: true },
  { first: 3000, rounds: 1, pages: [65_536, 65_536], solo: false },
  { first: 4000, rounds: 1, pages: [32_832, 32_832], solo: true },
];

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

/** What happened at a step of a live run. */
interface Step {
  readonly outcome: Outcome;
  /** Digest of the memory after it. */
  readonly hash: number;
  /** Pages by which the memory grew while it waited. */
  readonly grown: number;
}

/** What a live run left behind, for a backup to compare with. */
interface Live {
  readonly steps: readonly Step[];
  readonly messages: readonly Uint8Array[];
}

/** How often something happened, in all rounds of solo guests and of others. */
class Tally {
  readonly #counts = new Map<string, number>();

  add(what: string): void {
    this.#counts.set(what, 1 + this.of(what));
  }

  of(what: string): number {
    return this.#counts.get(what) ?? 0;
  }
}

/** Calls by function, of those that had success, and by what the descriptor was. */
const successes = new Tally(), descriptors = new Tally();
let made = 0;

async function runLive(
  seed: number,
  kind: GuestKind,
  dirs: string[],
): Promise<Live> {
  const peers = new Peers(seed);
  const options = { dirs, listeners: [peers.listener] };
  const guest = new FuzzGuest(kind, options, new Random(seed + 1));
  const hostility = new Hostility(new Random(seed), () => guest.size);
  const steps: Step[] = [];
  const messages: Uint8Array[] = [];
  for (let step = 0; step < CALLS; step++) {
    if (step % 50 === 0) await peers.stir();
    const call = hostility.next();
    descriptors.add(guest.kindOf(call) ?? "none");
    guest.prepare(call);
    const outcome = guest.make(call, describe(step, call));
    made++;
    if (outcome === 0 || outcome === "ends") {
      successes.add(`${call.row.name} ${kind.solo ? "solo" : ""}`);
    }
    const hash = kind.solo ? 0 : guest.hash();
    steps.push({ outcome, hash, grown: guest.grown });
    if (!kind.solo) messages.push(...guest.rig.drain());
  }
  guest.checkGaps("after all calls");
  peers.close();
  return { steps, messages };
}

function follow(
  seed: number,
  kind: GuestKind,
  dirs: string[],
  live: Live,
): void {
  const unused = bindSocket({ host: "127.0.0.1", port: 0 }, "");
  const options = { dirs, listeners: [unused], following: true };
  const guest = new FuzzGuest(kind, options);
  const hostility = new Hostility(new Random(seed), () => guest.size);
  const { rig } = guest;
  let fed = 0;
  for (const [step, { outcome, hash, grown }] of live.steps.entries()) {
    const call = hostility.next();
    guest.prepare(call);
    if (grown > 0) guest.grow(grown);
    if (outcome === "waits") continue;
    if (fed === rig.messages.seq && fed < live.messages.length) {
      rig.feed([live.messages[fed++]!]);
    }
    const where = describe(step, call);
    assert.is(guest.make(call, where), outcome, where);
    assert.is(guest.hash(), hash, `memory after ${where}`);
    rig.drain();
  }
  assert.is(rig.messages.seq, live.messages.length);
}

/** A round of hostile calls, followed by a backup where there can be one. */
async function round(seed: number, kind: GuestKind): Promise<void> {
  const [primary, backup] = [plantDir(), plantDir()];
  const live = await runLive(seed, kind, [primary, `${primary}/sub`]);
  if (kind.solo) return;
  follow(seed, kind, [backup, `${backup}/sub`], live);
  const left = treeOf(primary);
  assert.equal(Object.keys(treeOf(backup)), Object.keys(left));
  assert.ok(JSON.stringify(treeOf(backup)) === JSON.stringify(left));
}

test.after(removeDirs);

for (const kind of KINDS) {
  const seeds = Array.from({ length: kind.rounds }, (_, i) => kind.first + i)
    .filter((seed) => ONLY === undefined || seed === Number(ONLY));
  const followed = kind.solo ? "" : ", and a backup follows them";
  test(
    `hostile calls of a ${kind.solo ? "solo" : "replicated"} guest with ${
      kind.pages[0]
    } pages give errnos${followed}`,
    async () => {
      for (const seed of seeds) {
        try {
          await round(seed, kind);
        } catch (error) {
          console.log(
            `replay: SEED=${seed} deno run -A tests/wasi-intercept/fuzz.test.ts`,
          );
          throw error;
        }
      }
    },
  );
}

test("the rounds are 100,000 calls, of every function with success and of descriptors of every kind", () => {
  if (ONLY !== undefined) return;
  assert.is(made, 100_000);
  const rare = TABLE.flatMap(({ name }) => [`${name} `, `${name} solo`])
    .filter((what) => successes.of(what) < 10);
  assert.equal(rare.map((what) => `${what} ${successes.of(what)}`), []);
  for (
    const kind of [
      ...["stream", "listener", "connection", "file", "directory", "closed"],
    ]
  ) assert.ok(descriptors.of(kind) > 1000, `${kind} ${descriptors.of(kind)}`);
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
