import { Errno } from "./errno.ts";
import type { Param, Syscall } from "./syscall.ts";

/** A row that is not built yet: it answers `nosys` on every node, so that a program that asks for it can go on without. */
export function unsupported(
  name: string,
  id: number,
  params: readonly Param[],
): Syscall {
  return {
    name,
    id,
    effect: "local",
    params,
    supported: false,
    commit: () => Errno.nosys,
  } as Syscall;
}
