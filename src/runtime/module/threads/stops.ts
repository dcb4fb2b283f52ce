import type { Instructions } from "../instructions.ts";

/** A stop is kept as three numbers: its offset, the offset after it, and its action with the size of its opcode above that. */
const NUMBERS = 3;
const ACTION_BITS = 8;
const ACTION = (1 << ACTION_BITS) - 1;

/** The instructions of a module at which a rewriter stops, so that it walks the code once. */
export class Stops {
  #numbers = new Int32Array(0x4000);
  #size = 0;
  /** Where the stops of each function begin. */
  readonly #starts: number[] = [];

  /** The next function begins. */
  enter(): void {
    this.#starts.push(this.#size);
  }

  /** A stop of the function that was entered; `end` is the offset after the instruction that `walk` has found. */
  add(action: number, { at, operands }: Instructions, end: number): void {
    const size = this.#size;
    if (size + NUMBERS > this.#numbers.length) this.#grow();
    this.#numbers[size] = at;
    this.#numbers[size + 1] = end;
    this.#numbers[size + 2] = action | (operands - at) << ACTION_BITS;
    this.#size = size + NUMBERS;
  }

  /** Forgets the stops of the function that was entered. */
  forget(): void {
    this.#size = this.#starts.at(-1)!;
  }

  /** The stops of a function, by its index among those that were entered. */
  of(index: number): Stop {
    const end = this.#starts[index + 1] ?? this.#size;
    return new Stop(this.#numbers, this.#starts[index]!, end);
  }

  #grow(): void {
    const grown = new Int32Array(2 * this.#numbers.length);
    grown.set(this.#numbers);
    this.#numbers = grown;
  }
}

/** Goes from stop to stop of one function. */
export class Stop {
  action = 0;
  /** Offset in the module of the instruction's first byte. */
  at = 0;
  /** Offset of what follows its opcode. */
  operands = 0;
  /** Offset after it. */
  end = 0;
  readonly #numbers: Int32Array;
  #next: number;
  readonly #last: number;

  constructor(numbers: Int32Array, first: number, last: number) {
    this.#numbers = numbers;
    this.#next = first;
    this.#last = last;
  }

  /** Goes to the next stop; false after the last one. */
  next(): boolean {
    const place = this.#next;
    if (place === this.#last) return false;
    const packed = this.#numbers[place + 2]!;
    this.at = this.#numbers[place]!;
    this.end = this.#numbers[place + 1]!;
    this.action = packed & ACTION;
    this.operands = this.at + (packed >>> ACTION_BITS);
    this.#next = place + NUMBERS;
    return true;
  }
}
