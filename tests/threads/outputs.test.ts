/** What programs with threads print, and how they end, alone. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { codeOf } from "../failover/kit/cluster.ts";
import { guest, killNodes, startNode } from "../kit/node.ts";
import { removeDirs } from "../kit/place.ts";

test.after(async () => {
  await killNodes();
  removeDirs();
});

interface Documented {
  readonly program: string;
  readonly stdin?: string;
  readonly code?: number;
  readonly stdout?: RegExp;
  readonly stderr?: RegExp;
}

/** What the comment at the top of each source says. */
const PROGRAMS: readonly Documented[] = [
  { program: "turns 2000", stdout: /^turns: x \d+, order [0-9a-f]{8}\n$/ },
  {
    program: "stack",
    stdout: /^stack: 100 nodes, 3000 changes, order [0-9a-f]{8}\n$/,
  },
  {
    program: "queue",
    stdout:
      /^queue: sum 499500, late \d+ producers \d+ consumers, order [0-9a-f]{8}\n$/,
  },
  {
    program: "races 100 3",
    stdout:
      /^races: counter 300, wide [0-9a-f]{16}, narrow [0-9a-f]{4}, real -?\d+, bytes [0-9a-f]{8}\n$/,
  },
  {
    program: "crowd",
    stdout: /^crowd: 64 threads, sum 1184, order [0-9a-f]{8}\n$/,
  },
  {
    program: "crowd 200 100",
    code: 1,
    stderr: /^crowd: cannot have more than 10000 threads$/,
  },
  {
    program: "plainlock",
    stdout: /^plainlock: held 6000 times, overlaps 0, order [0-9a-f]{8}\n$/,
  },
  {
    program: "mixed",
    stdin: "a\nb\nend\nnever read\n",
    stdout: /^a at \d+\nb at \d+\nmixed: 2 lines at \d+\n$/,
  },
  {
    program: "overlap",
    stdin: "a\nb\n",
    stdout:
      /^(?=[^]*slept 1\n[^]*slept 2\n[^]*slept 3\n)(?=[^]*waited 1\n[^]*waited 2\n[^]*waited 3\n)(?=[^]*read a\n[^]*read b\n[^]*read its end\n)(.*\n){9}computed\noverlap: done\n$/,
  },
  { program: "schedules lost 100", stdout: /^x = 200\n$/ },
  { program: "schedules correct 100", stdout: /^x = 200\n$/ },
  {
    program: "schedules wrong",
    code: 1,
    stderr: /^schedules: cannot start: MODE is lost, deadlock or correct$/,
  },
  { program: "ends", code: 1, stderr: /^ends: cannot start: WHO HOW OTHERS$/ },
  {
    program: "pool",
    code: 1,
    stderr: /^pool: cannot serve: REPLRT_LISTEN_FD is not set;/,
  },
];

for (const { program, stdin = "", code = 0, stdout, stderr } of PROGRAMS) {
  test(`${program} ends with ${code} and prints what it says`, async () => {
    const [name = "", ...args] = program.split(" ");
    const node = startNode(["run", "--quiet", guest(name), "--", ...args], {
      stdin,
    });
    assert.is(await codeOf(node), code, node.stderr.join("\n"));
    assert.match(node.stdout, stdout ?? /^$/);
    assert.match(node.stderr.join("\n"), stderr ?? /^$/);
  });
}

test("a result that no schedule changes is the same under each", async () => {
  for (const options of [[], ["--quantum", "7"], ["--schedule-seed", "1"]]) {
    const args = ["--", "correct", "300"];
    const node = startNode(["run", ...options, guest("schedules"), ...args]);
    assert.is(await codeOf(node), 0, node.stderr.join("\n"));
    assert.is(node.stdout, "x = 600\n");
  }
});

test("threads that wait for each other for ever end the program with 134, and each is named with where it stands", async () => {
  const stories: string[] = [];
  for (let seed = 0; stories.length === 0 && seed < 50; seed++) {
    const args = ["--", "deadlock", "50"];
    const options = ["--schedule-seed", `${seed}`];
    const node = startNode(["run", ...options, guest("schedules"), ...args]);
    const code = await codeOf(node);
    if (code === 134) stories.push(node.stderr.join("\n"));
    else assert.equal([code, node.stdout], [0, "x = 100\n"]);
  }
  const [story = "no seed below 50 made a deadlock"] = stories;
  for (const thread of [1, 2, 3]) {
    assert.match(story, `thread ${thread} waits for the word at 0x`);
    assert.match(story, new RegExp(`thread ${thread}: .*\\(0x[0-9a-f]+\\)`));
  }
});

test.run();
