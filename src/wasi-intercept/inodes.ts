/**
 * Virtual inode numbers, given in log order, so that a guest sees the same ones before and after a takeover.
 *
 * Each node maps them to its own files: the primary asks for the number of a file it looked at, a backup is told which number its copy of that file has.
 */
export class Inodes {
  readonly #numbers = new Map<bigint, bigint>();
  readonly #files = new Map<bigint, bigint>();
  #next = 1n;

  /** The virtual number of this node's file, a new one if it has none yet. */
  numberOf(dev: bigint, ino: bigint): bigint {
    const file = fileOf(dev, ino);
    const known = this.#numbers.get(file);
    if (known !== undefined) return known;
    this.#enter(file, this.#next);
    return this.#next++;
  }

  /** Enters the number that the log gives to this node's file; a file that had it before is gone. */
  learn(dev: bigint, ino: bigint, number: bigint): void {
    const file = fileOf(dev, ino);
    const other = this.#numbers.get(file);
    if (other === number) return;
    if (other !== undefined) this.#files.delete(other);
    const former = this.#files.get(number);
    if (former !== undefined) this.#numbers.delete(former);
    this.#enter(file, number);
    if (number >= this.#next) this.#next = number + 1n;
  }

  #enter(file: bigint, number: bigint): void {
    this.#numbers.set(file, number);
    this.#files.set(number, file);
  }
}

/** One number for both, of which the inode takes 64 bits. */
function fileOf(dev: bigint, ino: bigint): bigint {
  return dev << 64n | ino;
}
