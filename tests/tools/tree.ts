import { dirname, join } from "node:path/posix";

/** The checkout that is being tested. */
export const CHECKOUT = join(import.meta.dirname as string, "../..");

const planted: string[] = [];

/** Writes files, path to text, into a new temporary tree and gives its root. */
export function plant(files: Readonly<Record<string, string>>): string {
  const root = Deno.makeTempDirSync({ prefix: "replrt-tree-" });
  planted.push(root);
  for (const [path, text] of Object.entries(files)) {
    Deno.mkdirSync(join(root, dirname(path)), { recursive: true });
    Deno.writeTextFileSync(join(root, path), text);
  }
  return root;
}

/** A tree with this project's dependencies, unless `files` have their own. */
export function plantProject(files: Readonly<Record<string, string>>): string {
  const text = (name: string) => Deno.readTextFileSync(join(CHECKOUT, name));
  return plant({
    "deno.json": text("deno.json"),
    "deno.lock": text("deno.lock"),
    ...files,
  });
}

/** Removes every tree that was planted. */
export function uproot() {
  for (const root of planted.splice(0)) {
    Deno.removeSync(root, { recursive: true });
  }
}

/** What a program left behind: its exit code and the lines it printed. */
export interface Run {
  readonly code: number;
  readonly lines: readonly string[];
}

/** Runs a script of tools/ in a tree to its end; stderr counts as output. */
export async function runTool(
  root: string,
  name: string,
  args: readonly string[] = [],
): Promise<Run> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", join(CHECKOUT, "tools", name), ...args],
    cwd: root,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  const text = decoder.decode(stdout) + decoder.decode(stderr);
  return { code, lines: text.trimEnd().split("\n") };
}
