/** Why a module cannot run. */
export interface ModuleProblem {
  /** Goes on after "cannot run FILE: ". */
  readonly reason: string;
  /** What the operator can do about it. */
  readonly next: string;
}
