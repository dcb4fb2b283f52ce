import { test } from "uvu";
import * as assert from "uvu/assert";
import { TABLE } from "../../src/wasi-intercept/table.ts";
import { walk } from "../../tools/walk.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const read = (file: string) => Deno.readTextFileSync(`${ROOT}/${file}`);

/** The names of tests in the tables of a document: its last column, in double quotes. */
function namedTests(document: string): string[] {
  return read(document).split("\n")
    .filter((line) => line.startsWith("|"))
    .flatMap((line) => line.match(/(?<=\| )"[^"]+"(?= *\|$)/) ?? []);
}

const TESTS = walk(ROOT, "tests", [".test.ts"]).map(read).join("\n");

for (const document of ["docs/crash-matrix.md", "ARCHITECTURE.md"]) {
  test(`every test that ${document} names exists`, () => {
    const names = namedTests(document);
    assert.ok(names.length > 5, "no names were found");
    assert.equal(names.filter((name) => !TESTS.includes(name)), []);
  });
}

test("every row of the crash matrix names its test", () => {
  const rows = read("docs/crash-matrix.md").split("\n")
    .filter((line) => /^\| (?!window|-)/.test(line));
  assert.is(namedTests("docs/crash-matrix.md").length, rows.length);
});

test("the documents count the calls as the table does", () => {
  for (const document of ["README.md", "CHANGELOG.md"]) {
    assert.match(read(document), `All ${TABLE.length} functions`);
  }
});

test.run();
