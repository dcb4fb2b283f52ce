/** File systems of a test's own; only root may mount them. @module */
import { tempDir } from "../../kit/place.ts";

/** Why a test can't mount, or undefined when it can. */
export const cannotMount: string | undefined = probe();

const mounted: string[] = [];

function probe(): string | undefined {
  if (Deno.uid() !== 0) return "not root, so no file system can be mounted";
  const dir = Deno.makeTempDirSync();
  const problem = run("mount", ["-t", "tmpfs", "-o", "size=64k", "none", dir]);
  if (problem === undefined) run("umount", [dir]);
  Deno.removeSync(dir);
  return problem;
}

function run(command: string, args: readonly string[]): string | undefined {
  const { success, stderr } = new Deno.Command(command, {
    args: [...args],
    stderr: "piped",
  }).outputSync();
  return success ? undefined : new TextDecoder().decode(stderr).trim();
}

function mount(args: readonly string[], dir: string): string {
  const problem = run("mount", [...args, dir]);
  if (problem !== undefined) throw new Error(`cannot mount: ${problem}`);
  mounted.push(dir);
  return dir;
}

/** A new file system with room for about `kib` KiB. */
export function smallDisk(kib: number): string {
  return mount(["-t", "tmpfs", "-o", `size=${kib}k`, "none"], tempDir());
}

/** Another name for the directory `of`. */
export function bindMount(of: string): string {
  return mount(["--bind", of], tempDir());
}

/** Unmounts all that a test mounted; before `removeDirs`. */
export function unmountAll(): void {
  for (const dir of mounted.splice(0)) run("umount", ["-l", dir]);
}
