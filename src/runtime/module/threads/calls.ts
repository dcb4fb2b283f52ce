/** Which function calls which, directly, and where that goes round. @module */

const NONE = -1;

/** The graph of direct calls, given function by function. */
export class CallGraph {
  /** Where the callees of each function start in `#callees`. */
  readonly #starts: Int32Array;
  #callees = new Int32Array(1024);
  #functions = 0;
  #calls = 0;

  /** @param functions how many there are. */
  constructor(functions: number) {
    this.#starts = new Int32Array(functions + 1);
  }

  /** The calls that follow are of the next function. */
  enter(): void {
    this.#starts[this.#functions++] = this.#calls;
    this.#starts[this.#functions] = this.#calls;
  }

  /** The function entered last calls this one. */
  call(callee: number): void {
    if (this.#calls === this.#callees.length) {
      const more = new Int32Array(2 * this.#calls);
      more.set(this.#callees);
      this.#callees = more;
    }
    this.#callees[this.#calls++] = callee;
    this.#starts[this.#functions] = this.#calls;
  }

  /**
   * Calls `found` with each function that can come to itself again by direct calls.
   *
   * Those are the strongly connected components of more than one function, and the functions that call themselves (R. Tarjan,
   * "Depth-first search and linear graph algorithms", 1972; without recursion).
   */
  cycles(found: (member: number) => void): void {
    const count = this.#functions;
    const walk: Walk = {
      order: new Int32Array(count).fill(NONE),
      low: new Int32Array(count),
      open: new Int32Array(count),
      opened: 0,
      closed: new Uint8Array(count),
      next: this.#starts.slice(0, count),
      met: 0,
    };
    const path = new Int32Array(count);
    for (let root = 0; root < count; root++) {
      if (walk.order[root] !== NONE) continue;
      let depth = 0;
      path[0] = meet(walk, root);
      while (depth >= 0) {
        const here = path[depth]!;
        const down = this.#unmet(walk, here);
        if (down !== NONE) {
          path[++depth] = meet(walk, down);
          continue;
        }
        this.#leave(walk, here, found);
        if (--depth < 0) break;
        const above = path[depth]!;
        walk.low[above] = Math.min(walk.low[above]!, walk.low[here]!);
      }
    }
  }

  /** The next callee of `here` that was not met yet; takes in what those say that were met. */
  #unmet(walk: Walk, here: number): number {
    const end = this.#starts[here + 1]!;
    for (let at = walk.next[here]!; at < end; at++) {
      const callee = this.#callees[at]!;
      if (walk.order[callee] === NONE) {
        walk.next[here] = at + 1;
        return callee;
      }
      if (walk.closed[callee]) continue;
      walk.low[here] = Math.min(walk.low[here]!, walk.order[callee]!);
    }
    walk.next[here] = end;
    return NONE;
  }

  /** All callees of `here` are done: a component ends where nothing goes further back. */
  #leave(walk: Walk, here: number, found: (member: number) => void): void {
    if (walk.low[here] !== walk.order[here]) return;
    const alone = walk.open[walk.opened - 1] === here;
    const report = !alone || this.#callsItself(here);
    while (true) {
      const member = walk.open[--walk.opened]!;
      walk.closed[member] = 1;
      if (report) found(member);
      if (member === here) return;
    }
  }

  #callsItself(here: number): boolean {
    return this.#callees.subarray(this.#starts[here], this.#starts[here + 1])
      .includes(here);
  }
}

/** A walk through the graph, depth first. */
interface Walk {
  /** When each function was met. */
  readonly order: Int32Array;
  /** The earliest that is met from it in its component. */
  readonly low: Int32Array;
  /** Those that were met and whose component is not closed, a stack. */
  readonly open: Int32Array;
  opened: number;
  readonly closed: Uint8Array;
  /** The place of the next call to follow. */
  readonly next: Int32Array;
  met: number;
}

function meet(walk: Walk, member: number): number {
  walk.order[member] = walk.low[member] = walk.met++;
  walk.open[walk.opened++] = member;
  return member;
}
