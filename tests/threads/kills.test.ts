// alone
// timeout 900 s
// long 2000 s
/**
 * The primary of a program with threads killed with SIGKILL at random moments, while they compute, wait for words and for time,
 * and read a socket and stdin.
 *
 * `REPLAY=SEED` repeats the moments of one run; `LONG=1`, which `deno task test:long` sets, tries ten times as many.
 *
 * @module
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { codeOf, destroy, said, takenBy } from "../failover/kit/cluster.ts";
import { guest, killNodes, startNode } from "../kit/node.ts";
import { removeDirs } from "../kit/place.ts";
import { Random } from "../kit/random.ts";
import { assertWhole } from "../toolchains/kit/runs.ts";
import { openStdin, type PairHow, startPair, told } from "./kit/pair.ts";
import { optionsOf } from "./kit/schedules.ts";

test.after(async () => {
  await killNodes();
  removeDirs();
});

const ROUNDS = Deno.env.get("LONG") === "1" ? 40 : 4;
const seed = Number(Deno.env.get("REPLAY") ?? Date.now() % 1_000_000);
const random = new Random(seed);
const SEEDS = 2 ** 31;
console.log(`replay: REPLAY=${seed} deno run -A tests/threads/kills.test.ts`);

/** How a run went whose primary was killed. */
interface Life {
  /** What the two nodes printed. */
  readonly before: string;
  readonly after: string;
  /** The survivor's exit code. */
  readonly code: number;
  /** Whether it took over; else the program was over by then. */
  readonly taken: boolean;
}

/** What is done besides, from the start of the program on, and once the survivor has taken over. */
interface Besides {
  readonly from?: (listen: string) => Promise<void>;
  readonly then?: (listen: string) => Promise<void>;
}

/** Runs a program and kills its primary within `ms` after the start. */
async function killed(
  name: string,
  how: PairHow,
  ms: number,
  { from, then }: Besides = {},
): Promise<Life> {
  const { primary, backup } = await startPair(name, how);
  const { listen } = await primary.waitForEvent("serving");
  await from?.(listen[0] ?? "");
  await new Promise((resolve) => setTimeout(resolve, random.below(ms)));
  await destroy(primary);
  if (then !== undefined) await then((await takenBy(backup)).listen);
  const code = await codeOf(backup);
  assert.not.ok(said(backup, "divergence"), told(backup));
  const taken = said(backup, "takeover");
  return { before: primary.stdout, after: backup.stdout, code, taken };
}

/** Programs that depend on nothing but the schedule; with so much to do that they last about as long as kills come, and what they have to do with a seed, whose turns may be as short as can be. */
const SCHEDULED = [
  ["turns", 40_000_000, 100_000],
  ["stack", 20_000_000, 50_000],
  ["races", 20_000_000, 50_000],
  ["crowd", 200, 4],
  ["plainlock", 20_000_000, 50_000],
] as const;
const SCHEDULED_MS = 350, SEEDED_MS = 150;
/** For a round that is a takeover on a fast machine, too. */
const AT_ONCE_MS = 20;

for (const [name, rounds, seeded] of SCHEDULED) {
  test(`${name} prints, whenever its primary dies, what it prints alone under that schedule`, async () => {
    let taken = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const seeds = round % 2 === 1;
      const args = [`${seeds ? seeded : rounds}`];
      const options = optionsOf({
        quantum: 300 + random.below(200_000),
        seed: seeds ? random.below(SEEDS) : undefined,
      });
      const alone = startNode([
        ...["run", "--quiet", ...options, guest(name), "--", ...args],
      ]);
      const ms = round % 4 === 0
        ? AT_ONCE_MS
        : seeds
        ? SEEDED_MS
        : SCHEDULED_MS;
      const life = await killed(name, { args, options }, ms);
      assert.equal([life.code, await codeOf(alone)], [0, 0], told(alone));
      assertWhole(life.before, life.after, alone.stdout);
      if (life.taken) taken++;
    }
    console.log(`  ${name}: ${taken} takeovers`);
    assert.ok(taken > 0, "the program was always over before its primary was");
  });
}

test("threads that wait for words with a time-out go on, whenever the primary dies, and lose nothing", async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const life = await killed("queue", { args: ["20000"] }, SCHEDULED_MS);
    assert.is(life.code, 0);
    assert.match(
      life.before + life.after,
      /^(queue: sum 799980000, late \d+ producers \d+ consumers, order .{8}\n)+$/,
    );
  }
});

/** What each of the threads of `overlap` prints that know no client and no input, in its order. */
const STEPS = ["slept", "waited"].map((what) =>
  [1, 2, 3].map((i) => `${what} ${i}`)
);
const OVERLAP_MS = 120;

test("threads that sleep, wait, read a socket and read stdin, all at once, go on and end, whenever the primary dies", async () => {
  for (let round = 0; round < 2 * ROUNDS; round++) {
    const input = openStdin("from the old host\n");
    const life = await killed(
      "overlap",
      {
        ...{ stdin: input, backupStdin: "from the new host\n", listeners: 1 },
      },
      OVERLAP_MS,
      {
        from: async (listen) => void client(await connect(listen), "old"),
        then: (listen) =>
          connect(listen).then(
            (connection) => client(connection, "new").close(),
            overFor,
          ),
      },
    );
    assert.is(life.code, 0);
    assert.match(life.after, /computed\noverlap: done\n$/);
    const lines = [...life.before.split("\n"), ...life.after.split("\n")];
    for (const steps of [...STEPS, ["read its end"], ["received its end"]]) {
      const found = lines.filter((line) => steps.includes(line));
      assert.equal([...new Set(found)], steps, lines.join(" | "));
    }
  }
});

async function connect(address: string): Promise<Deno.TcpConn> {
  const [hostname, port] = address.split(":") as [string, string];
  return await Deno.connect({ hostname, port: Number(port) });
}

/** Nobody listens any more where the survivor needed no other client. */
function overFor(error: unknown): void {
  if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
}

/** Sends a line. */
function client(connection: Deno.TcpConn, line: string): Deno.TcpConn {
  connection.write(new TextEncoder().encode(`${line}\n`)).catch(() => {});
  return connection;
}

/** A little longer than `ends` lets its others run. */
const ENDS_MS = 40;

test("an exit ends the survivor, whatever its other threads do, whenever the primary dies", async () => {
  for (const others of ["busy", "wait", "read", "sleep"]) {
    for (const who of ["main", "other"]) {
      const args = [who, "exit", others];
      const given = { args, stdin: openStdin(), backupStdin: openStdin() };
      const life = await killed("ends", given, ENDS_MS);
      assert.is(life.code, 7, args.join(" "));
      assert.match(
        life.before + life.after,
        /^(ends: exit by (main|a thread)\n)+$/,
      );
    }
  }
});

test.run();
