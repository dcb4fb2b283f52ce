/** What the documents say of the embedding API: every example runs. @module */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { join } from "node:path/posix";

const ROOT = join(import.meta.dirname as string, "../..");
/** What holds the exports of `src/mod.ts`, and the document with an example of them. */
const DOCUMENTED = [
  "src/mod.ts",
  "src/embed/events.ts",
  "src/embed/node.ts",
  "src/embed/options.ts",
  "src/runtime/errors.ts",
  "README.md",
];

interface Run {
  readonly code: number;
  readonly stdout: string;
  /** What it printed in all. */
  readonly text: string;
}

async function deno(...args: string[]): Promise<Run> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) =>
    new TextDecoder().decode(bytes)
  );
  return { code, stdout: out!, text: `${out}${err}` };
}

test("every example is checked, and does what it says", async () => {
  const { code, text } = await deno("test", "--doc", "-A", ...DOCUMENTED);
  assert.is(code, 0, text);
  const silent = DOCUMENTED.filter((file) => !text.includes(`/${file}#`));
  assert.equal(silent, [], "files whose examples did not run");
  assert.match(text, /^ok \| \d+ passed \| 0 failed/m);
});

/** What `deno doc --json` tells of an export. */
interface Exported {
  readonly name: string;
  readonly declarations: readonly {
    readonly location: { readonly filename: string };
    readonly jsDoc?: {
      readonly doc?: string;
      readonly tags?: readonly {
        readonly kind: string;
        readonly doc?: string;
      }[];
    };
  }[];
}

test("every export has a doc comment with an example that is run", async () => {
  const { code, stdout } = await deno("doc", "--json", "src/mod.ts");
  assert.is(code, 0);
  const { nodes } = JSON.parse(stdout) as {
    nodes: Record<string, { symbols: Exported[] }>;
  };
  const exported = Object.values(nodes).flatMap(({ symbols }) => symbols);
  assert.ok(exported.length > 5, stdout);
  for (const { name, declarations: [declaration] } of exported) {
    const { location, jsDoc } = declaration!;
    assert.ok(jsDoc?.doc, name);
    const example = jsDoc?.tags?.find(({ kind }) => kind === "example");
    assert.match(example?.doc ?? "", "```ts\n", name);
    const file = location.filename.replace(`file://${ROOT}/`, "");
    assert.ok(DOCUMENTED.includes(file), `${name} of ${file}`);
  }
});

test.run();
