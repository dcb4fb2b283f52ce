/** Programs out of published packages: the Ruby interpreter, and gofmt built by TinyGo. `REPLAY=SEED` repeats a run's kills. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { killNodes } from "../kit/node.ts";
import { removeDirs } from "../kit/place.ts";
import { Random } from "../kit/random.ts";
import { gofmt, type Program, rubyTour } from "./kit/programs.ts";
import { alone, replicated, takenOver } from "./kit/runs.ts";
import { seed, testTour } from "./kit/tour.ts";

test.after(async () => {
  await killNodes();
  removeDirs();
});

testTour("a script under the Ruby interpreter", 7, rubyTour);

const MESSY = `package main
import "fmt"
func main ( ) { for i:=range 3 { fmt.Println(  i,1+2 ) }
}
`;
const TIDY = `package main

import "fmt"

func main() {
	for i := range 3 {
		fmt.Println(i, 1+2)
	}
}
`;
/** gofmt's exit code when it had something to change. */
const CHANGED = 1;
/** As long as one read of gofmt, so that a text may be cut between two reads. */
const COMMENT = "// abcd\n";
const COMMENTS = 4_000;
/** A kill comes up to so many ms after the start. */
const LAST_KILL_MS = 40;

let loaded: Program | undefined;
const program = () => loaded ??= gofmt();

test("gofmt, built by TinyGo, formats a text", async () => {
  const seen = await alone(program(), { args: [], stdin: MESSY });
  assert.is(seen.stdout, TIDY);
  assert.is(seen.code, CHANGED, seen.stderr);
});

test("gofmt, built by TinyGo, ends on its backup as on its primary", async () => {
  const { primary, backup } = await replicated(program(), {
    args: [],
    stdin: MESSY,
  });
  assert.is(primary.stdout, TIDY);
  assert.is(primary.code, CHANGED, primary.stderr);
  assert.is(backup.stdout, "");
  assert.is(backup.code, CHANGED, backup.stderr);
});

test("gofmt, built by TinyGo, formats on its backup what a killed primary had read, and what follows", async () => {
  const ms = new Random(seed).below(LAST_KILL_MS);
  console.log(`  a kill after ${ms} ms; replay: REPLAY=${seed}`);
  const open = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (controller) =>
      controller.enqueue(new TextEncoder().encode(COMMENT.repeat(COMMENTS))),
  });
  const { before, survivor } = await takenOver(
    program(),
    { args: [], stdin: open, backupStdin: "package  p\nvar  b=1\n" },
    async (primary) => {
      await primary.waitForEvent("synced");
      await new Promise((resolve) => setTimeout(resolve, ms));
    },
  );
  assert.is(before, "");
  const [, read, rest] = /^((?:\/\/ abcd\n)*)(.*)$/s.exec(survivor.stdout)!;
  console.log(`  ${read!.length / COMMENT.length} lines were read before`);
  assert.ok(read!.length <= COMMENT.length * COMMENTS);
  assert.is(rest, "package p\n\nvar b = 1\n");
  assert.is(survivor.code, CHANGED, survivor.stderr);
});

test.run();
