import { join } from "node:path/posix";

/** Times before this were set by the guest; the others are those of the run. */
const SET_BEFORE = Date.UTC(2020);

/**
 * What a guest left in a directory, by path: type, contents, where a link leads, how many names a file has, and the
 * times that the guest set.
 */
export function leftIn(root: string, below = ""): Record<string, string> {
  const left: Record<string, string> = {};
  const names = [...Deno.readDirSync(join(root, below))]
    .map(({ name }) => name).sort();
  for (const name of names) {
    const path = join(below, name), real = join(root, path);
    const stat = Deno.lstatSync(real);
    const time = stat.mtime?.getTime() ?? Infinity;
    const set = time < SET_BEFORE ? ` set to ${time}` : "";
    if (stat.isDirectory) {
      left[path] = `directory${set}`;
      Object.assign(left, leftIn(root, path));
    } else if (stat.isSymlink) {
      left[path] = `link to ${Deno.readLinkSync(real)}${set}`;
    } else {
      const text = new TextDecoder("latin1").decode(Deno.readFileSync(real));
      left[path] = `file of ${stat.nlink} names '${text}'${set}`;
    }
  }
  return left;
}
