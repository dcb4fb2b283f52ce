/** Directories as a whole, to compare. @module */

/** Times before this were set by a test. */
export const OLD_NS = 1_300_000_000_000_000_000n;

/** A directory by path: type, mode, links, contents, and times that were set to the past. */
export function snapshot(dir: string, below = ""): Record<string, string> {
  const all: Record<string, string> = {};
  for (const { name } of Deno.readDirSync(`${dir}/${below}`)) {
    const path = `${below}${name}`, full = `${dir}/${path}`;
    const stat = Deno.lstatSync(full);
    const old = BigInt(stat.mtime!.getTime()) * 1_000_000n < OLD_NS;
    const [mode, links] = [stat.mode?.toString(8), stat.nlink];
    const contents = stat.isSymlink
      ? Deno.readLinkSync(full)
      : stat.isFile
      ? Deno.readTextFileSync(full)
      : "";
    const time = old ? ` ${stat.mtime!.toISOString()}` : "";
    all[path] = `${mode} ${links} links${time} ${contents}`;
    if (stat.isDirectory) Object.assign(all, snapshot(dir, `${path}/`));
  }
  return all;
}
