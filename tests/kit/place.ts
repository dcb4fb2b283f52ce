/** Places of a test's own: directories and ports. @module */

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

/** A port of 127.0.0.1 that nobody had a moment ago. Where port 0 can be asked for, do that instead. */
export function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  return port;
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
