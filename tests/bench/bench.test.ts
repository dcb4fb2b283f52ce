/** That the bench measures all it should; no time is judged here. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Aim, median, quantile } from "../../bench/area.ts";
import { merge, partOf } from "../../bench/report.ts";
import { until } from "../failover/kit/lines.ts";
import { removeDirs, tempDir } from "../kit/place.ts";

const BENCH = new URL("../../bench/bench.ts", import.meta.url).pathname;
const FIGURE = /^-?\d+(\.\d+)?( \(\d+\.\d+x\))?$|^none$/;
const NAME = /^(?:solo|commit|async)$/;
/** Every table of the bench, by the head of its first column, and how many rows it has. */
const TABLES: readonly (readonly [head: string, rows: number])[] = [
  ["call", 7],
  ["CPU ns a call", 7],
  ["aim", 10],
  ["steps", 1],
  ["aim", 1],
  ["connections", 9],
  ["aim", 7],
  ["kills", 1],
  ["aim", 1],
  ["program", 1],
  ["log", 10],
  ["memory, MB", 4],
  ["work", 3],
  ["recording", 3],
  ["aim", 1],
  ["a switch, ns", 4],
  ["a step, ns", 6],
  ["a thread, µs", 2],
  ["one, µs of CPU time", 15],
  ["server", 6],
  ["module", 2],
  ["aim", 2],
];
const AIM: Aim = {
  ...{ what: "it", bound: "at most", limit: 2, unit: "x", value: 1.5 },
};

test.after(removeDirs);

/** Starts the bench with a directory of its own for everything temporary. */
function startBench(tmp: string, ...args: string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", BENCH, ...args],
    env: { TMPDIR: tmp },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** How many processes there are whose environment names `text`. */
function processesOf(text: string): number {
  return [...Deno.readDirSync("/proc")].filter(({ name }) => {
    try {
      return /^\d+$/.test(name) &&
        Deno.readTextFileSync(`/proc/${name}/environ`).includes(text);
    } catch {
      return false;
    }
  }).length;
}

function assertNothingLeft(tmp: string): void {
  assert.equal([...Deno.readDirSync(tmp)], []);
  assert.is(processesOf(tmp), 0);
}

/** The cells of all tables of a text, with their heads first. */
function tablesOf(text: string): string[][][] {
  return text.split("\n\n").filter((part) => part.startsWith("| ")).map((
    part,
  ) =>
    part.split("\n").filter((_, i) => i !== 1)
      .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()))
  );
}

function assertRow(head: string, [, ...cells]: readonly string[]): void {
  const said = `${head}: ${cells.join(" | ")}`;
  assert.ok(cells.length > 0, said);
  if (head !== "aim") {
    for (const cell of cells) {
      assert.ok(FIGURE.test(cell) || NAME.test(cell), said);
    }
    return;
  }
  const [limit, measured, reached, why] = cells;
  assert.match(limit!, /^at (?:most|least) \d/, said);
  assert.match(measured!, /^-?\d+(\.\d+)?(?:x| ms| µs)$/, said);
  assert.match(reached!, /^(?:yes|\*\*no\*\*|not judged)$/, said);
  assert.is(why === "", reached === "yes", said);
}

test("every area gives all its rows, with figures, and leaves nothing behind", async () => {
  const tmp = tempDir();
  const { code, stdout, stderr } = await startBench(tmp, "--quick").output();
  const text = new TextDecoder().decode(stdout);
  assert.is(code, 0, new TextDecoder().decode(stderr));
  const tables = tablesOf(text);
  assert.equal(
    tables.map(([head, ...rows]) => [head![0], rows.length]),
    TABLES,
    text,
  );
  for (const [head, ...rows] of tables) {
    for (const row of rows) assertRow(head![0] as string, row);
  }
  assertNothingLeft(tmp);
});

test("an interrupted bench ends its processes and removes its files", async () => {
  const tmp = tempDir();
  const child = startBench(tmp, "kv");
  await until("the bench and two nodes", () => processesOf(tmp) > 2);
  child.kill("SIGINT");
  const { code, stdout } = await child.output();
  assert.is(code, 130);
  assert.is(new TextDecoder().decode(stdout), "");
  assertNothingLeft(tmp);
});

test("what can't be measured or kept is refused", async () => {
  const refused = async (...args: string[]) => {
    const { code, stderr } = await startBench(tempDir(), ...args).output();
    assert.is(code, 1);
    return new TextDecoder().decode(stderr);
  };
  assert.match(
    await refused("cpu", "gpu"),
    "error: cannot measure gpu: areas are calls, cpu, kv, ",
  );
  assert.match(await refused("--quick", "--write"), "error: cannot keep ");
});

test("parts that were measured take the place of the old ones, in order", () => {
  const part = (title: string, text: string) => `## ${title}\n\n${text}`;
  const old = `# Old\n\n${part("B", "old b")}\n\n${part("A", "a")}\n`;
  const now = merge(old, [part("C", "c"), part("B", "new b")], ["A", "B", "C"]);
  const [top, ...rest] = now.split(/^(?=## )/m);
  assert.match(top!, /^# Measurements\n/);
  assert.is(rest.join(""), "## A\n\na\n\n## B\n\nnew b\n\n## C\n\nc\n");
  assert.is(merge(now, [], ["A", "C"]).includes("new b"), false);
});

test("an aim says whether it is reached, and if not, why", () => {
  const judged = (change: Partial<Aim>) => {
    const aims = [{ ...AIM, ...change }];
    const text = partOf("T", { about: "", tables: [], aims }, "now");
    return tablesOf(text)[0]![1]!.slice(1);
  };
  const why = "because";
  assert.equal(judged({ why }), ["at most 2x", "1.50x", "yes", ""]);
  assert.equal(
    judged({ value: 2.5, why }),
    ["at most 2x", "2.50x", "**no**", why],
  );
  assert.is(judged({ value: 2.5 })[3], "not known");
  assert.is(judged({ bound: "at least" })[2], "**no**");
  assert.is(judged({ value: NaN })[2], "**no**");
  const moot = judged({ value: 2.5, why, moot: "too few cores" });
  assert.equal(moot.slice(2), ["not judged", "too few cores"]);
});

test("medians and quantiles are values that were measured", () => {
  assert.is(median([3, 1, 2]), 2);
  assert.ok(Number.isNaN(median([])));
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
  assert.is(quantile(hundred, 0.9), 90);
  assert.is(quantile(hundred, 1), 100);
});

test.run();
