import { test } from "uvu";
import * as assert from "uvu/assert";
import { join } from "node:path/posix";
import { type Document, printDocuments } from "../../tools/docs.ts";
import { plant, uproot } from "./tree.ts";

const DOCUMENTS: readonly Document[] = [
  { file: "docs/A.md", render: () => "# A\n| a | b |\n|-|-|\n| 10 | 2 |" },
  { file: "docs/B.md", render: () => Promise.resolve("# B\n") },
];
const PRINTED = "# A\n\n| a  | b |\n| -- | - |\n| 10 | 2 |\n";

test.after(uproot);

test("documents are written as the formatter leaves them", async () => {
  const root = plant({ "docs/B.md": "# B\n" });
  assert.equal(await printDocuments(root, DOCUMENTS, false), ["docs/A.md"]);
  assert.is(Deno.readTextFileSync(join(root, "docs/A.md")), PRINTED);
  assert.equal(await printDocuments(root, DOCUMENTS, false), []);
});

test("a check names the documents that drifted and writes nothing", async () => {
  const root = plant({ "docs/A.md": PRINTED, "docs/B.md": "# C\n" });
  assert.equal(await printDocuments(root, DOCUMENTS, true), ["docs/B.md"]);
  assert.is(Deno.readTextFileSync(join(root, "docs/B.md")), "# C\n");
});

test("a check names a document that is missing", async () => {
  const root = plant({ "docs/A.md": PRINTED });
  assert.equal(await printDocuments(root, DOCUMENTS, true), ["docs/B.md"]);
});

test.run();
