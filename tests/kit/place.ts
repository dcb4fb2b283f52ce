/** Places of a test's own: directories and ports. @module */
import { freePort } from "../../tools/free_port.ts";

/** Ports for tests. */
export { freePort };

const made: string[] = [];

/** A new empty directory, removed by {@linkcode removeDirs}. */
export function tempDir(): string {
  const dir = Deno.makeTempDirSync({ prefix: "replrt-test-" });
  made.push(dir);
  return dir;
}

/** Removes all directories that a test made, for `test.after`. */
export function removeDirs(): void {
  for (const dir of made.splice(0)) Deno.removeSync(dir, { recursive: true });
}

/** The option for a guest that listens again at its address after its death. */
export function listenAgain(): string[] {
  return ["--tcplisten", `127.0.0.1:${freePort()}`];
}

/** All files below `dir`, path to contents in latin1, directories with a final slash and no contents. */
export function treeOf(dir: string, below = ""): Record<string, string> {
  const tree: Record<string, string> = {};
  for (const entry of Deno.readDirSync(`${dir}/${below}`)) {
    const path = `${below}${entry.name}`;
    if (entry.isDirectory) {
      tree[`${path}/`] = "";
      Object.assign(tree, treeOf(dir, `${path}/`));
    } else if (entry.isSymlink) {
      tree[path] = `-> ${Deno.readLinkSync(`${dir}/${path}`)}`;
    } else {
      tree[path] = new TextDecoder("latin1").decode(
        Deno.readFileSync(`${dir}/${path}`),
      );
    }
  }
  return Object.fromEntries(
    Object.entries(tree).sort(([a], [b]) => a < b ? -1 : 1),
  );
}
