/** The tests of families on two nodes, for the files that share them out. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { killNodes } from "../../kit/node.ts";
import { removeDirs } from "../../kit/place.ts";
import { Random } from "../../kit/random.ts";
import { FAMILIES, type Family } from "../families.ts";
import { type Ended, runSolo } from "./runs.ts";
import { killOnTheWay, replicate, type Shown } from "./takeover.ts";

const KILLS = 2;
const seed = Number(Deno.env.get("REPLAY") ?? Date.now() % 1_000_000);

/** Adds two tests for each of these families, and one for all; `file` is theirs, to be named where a kill fails. */
export function addTests(families: readonly Family[], file: string): void {
  const shown: Shown[] = [];
  for (const family of families) {
    const what = [family.name, ...family.code ? [family.argument] : []].join(
      " ",
    );
    let solo: Ended, ms = 0;
    test(`${what}: a backup follows to the same end and leaves the same files`, async () => {
      solo = await runSolo(family, family.rounds);
      ms = await replicate(family, solo);
    });
    test(`${what}: a kill on the way changes neither what is shown nor what is left`, async () => {
      assert.ok(ms > 0, "there was no run without a kill to compare with");
      const random = new Random(seed + FAMILIES.indexOf(family));
      try {
        for (let i = 0; i < KILLS; i++) {
          shown.push(await killOnTheWay(family, solo, random, ms));
        }
      } catch (error) {
        (error as Error).message +=
          `\nreplay: REPLAY=${seed} deno run -A ${file}`;
        throw error;
      }
    });
  }
  test("a survivor shows what may be lost again, and not all that was shown", () => {
    const sum = (key: keyof Shown) =>
      shown.reduce((total, each) => total + each[key], 0);
    assert.ok(sum("twice") < sum("before"), `${sum("twice")} characters`);
  });
  test.after.each(async () => {
    await killNodes();
    removeDirs();
  });
}
