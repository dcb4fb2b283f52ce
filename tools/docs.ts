/**
 * Prints the documents that repeat tables of the code.
 *
 * `deno run -A tools/docs.ts` writes them; with `--check` it writes nothing and
 * exits 1, naming each file that differs from its tables.
 *
 * @module
 */
import { join } from "node:path/posix";
import { protocol } from "./docs/protocol.ts";
import { syscalls } from "./docs/syscalls.ts";

/** A file and how it is printed. */
export interface Document {
  /** Relative to the root. */
  readonly file: string;
  /** The whole file as Markdown; line breaks and column widths don't matter. */
  readonly render: () => string | Promise<string>;
}

const DOCUMENTS: readonly Document[] = [
  { file: "docs/PROTOCOL.md", render: protocol },
  { file: "docs/SYSCALLS.md", render: syscalls },
];

/**
 * Lists the documents at `root` that differ from what they should say, and
 * writes them unless `check` is set.
 */
export async function printDocuments(
  root: string,
  documents: readonly Document[],
  check: boolean,
): Promise<string[]> {
  const drifted: string[] = [];
  for (const { file, render } of documents) {
    const text = await formatted(await render());
    const path = join(root, file);
    if (textOf(path) === text) continue;
    drifted.push(file);
    if (!check) Deno.writeTextFileSync(path, text);
  }
  return drifted;
}

function textOf(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Markdown as `deno fmt` leaves it, so that the two never disagree. */
async function formatted(markdown: string): Promise<string> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--quiet", "--ext", "md", "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const [{ success, stdout }] = await Promise.all([
    child.output(),
    ReadableStream.from([new TextEncoder().encode(markdown)])
      .pipeTo(child.stdin),
  ]);
  if (!success) throw new Error("cannot format a document: deno fmt failed");
  return new TextDecoder().decode(stdout);
}

if (import.meta.main) {
  const check = Deno.args[0] === "--check";
  const drifted = await printDocuments(".", DOCUMENTS, check);
  for (const file of drifted) {
    console.log(
      check
        ? `${file}: cannot pass: it differs from the tables it is printed from, run deno task docs`
        : `wrote ${file}`,
    );
  }
  if (check && drifted.length > 0) Deno.exit(1);
  if (drifted.length === 0) {
    console.log(`${DOCUMENTS.length} documents agree with the code`);
  }
}
