import { join } from "node:path/posix";

/** Folders that hold nothing of ours to read. */
const SKIPPED = new Set(["node_modules", "dist"]);

/**
 * Lists the files under `folder` of `root` whose name ends in one of `endings`.
 *
 * Paths are relative to `root`, with slashes, sorted. A folder that does not
 * exist has no files.
 */
export function walk(
  root: string,
  folder: string,
  endings: readonly string[],
): string[] {
  let entries: Deno.DirEntry[];
  try {
    entries = [...Deno.readDirSync(join(root, folder))];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory) {
      return SKIPPED.has(entry.name) ? [] : walk(root, path, endings);
    }
    return endings.some((ending) => path.endsWith(ending)) ? [path] : [];
  }).sort();
}
