/**
 * Links and requests between nodes: delayed, reordered, doubled, lost, cut and healed.
 *
 * @module
 */
import type { Link } from "../../../src/engine/events.ts";
import type { World } from "./world.ts";

/** Something with an address. */
export interface Host {
  readonly id: number;
  readonly name: string;
  /** Its process is gone. */
  readonly down: boolean;
  /** Its machine is gone: it does not even refuse. */
  readonly dark: boolean;
  /** Its process is gone, and one of another run listens on its address. */
  readonly replaced: boolean;
  /** Lets it handle something, later while it is frozen. */
  deliver(task: () => void): void;
}

/** How a request ends without an answer. */
export type Failure = "refused" | "silent" | "foreign";

/** How the network behaves. */
export interface Conditions {
  readonly delayMs: readonly [number, number];
  /** Frames overtake each other, double and get lost; else a link is an ordered stream. */
  readonly datagrams: boolean;
  readonly loss: number;
  readonly doubling: number;
}

interface Connection {
  readonly ends: readonly [Host, Host];
  readonly arrivals: [number, number];
  readonly broke: [() => void, () => void];
}

/** All links. */
export class Network {
  readonly #world: World;
  readonly #conditions: Conditions;
  readonly #open = new Map<Link, Connection>();
  readonly #cuts = new Map<number, number>();
  #links = 0;

  constructor(world: World, conditions: Conditions) {
    this.#world = world;
    this.#conditions = conditions;
  }

  /** Nothing gets through between two nodes until `until`; `reset` also breaks their links. */
  cut(a: Host, b: Host, until: number, reset: boolean): void {
    this.#cuts.set(pair(a, b), until);
    if (!reset) return;
    for (const [link, { ends }] of this.#open) {
      if (ends.includes(a) && ends.includes(b)) this.#break(link, 0);
    }
  }

  /** Opens a link; `broke` is called at each end (a, b) when the other closes it. */
  open(a: Host, b: Host, broke: [() => void, () => void]): Link {
    const link = ++this.#links;
    this.#open.set(link, { ends: [a, b], arrivals: [0, 0], broke });
    return link;
  }

  /** Sends over a link; `arrive` is called at the other end, or never. */
  send(link: Link, from: Host, arrive: () => void): void {
    const connection = this.#open.get(link);
    if (connection === undefined) return;
    const { random } = this.#world;
    const { datagrams, loss, doubling } = this.#conditions;
    const way = connection.ends[0] === from ? 0 : 1;
    const to = connection.ends[1 - way] as Host;
    const cutUntil = this.#cutUntil(from, to);
    if (datagrams && (random.chance(loss) || cutUntil > this.#world.now)) {
      return;
    }
    const copies = datagrams && random.chance(doubling) ? 2 : 1;
    for (let i = 0; i < copies; i++) {
      let at = Math.max(this.#world.now, cutUntil) + this.#delay();
      if (!datagrams) at = Math.max(at, connection.arrivals[way]);
      connection.arrivals[way] = at;
      this.#world.at(at, () => {
        if (this.#open.get(link) === connection) to.deliver(arrive);
      });
    }
  }

  /** Closes a link after what was sent on it; the other end is told. */
  close(link: Link, from: Host): void {
    const connection = this.#open.get(link);
    if (connection === undefined) return;
    const way = connection.ends[0] === from ? 0 : 1;
    const to = connection.ends[1 - way] as Host;
    const at = Math.max(
      this.#cutUntil(from, to) + this.#delay(),
      this.#world.now + this.#delay(),
      connection.arrivals[way],
    );
    this.#world.at(at, () => {
      if (this.#open.delete(link)) {
        to.deliver(connection.broke[1 - way] as () => void);
      }
    });
  }

  /** A process ends: its links break, what is on the way may be lost. A dark host's peers see nothing. */
  vanish(host: Host, lossy: boolean): void {
    for (const [link, { ends }] of this.#open) {
      if (!ends.includes(host)) continue;
      if (host.dark) this.#open.delete(link);
      else if (lossy) this.#break(link, this.#delay(), host);
      else this.close(link, host);
    }
  }

  #break(link: Link, delay: number, gone?: Host): void {
    const connection = this.#open.get(link);
    this.#open.delete(link);
    connection?.ends.forEach((end, i) => {
      if (end === gone) return;
      this.#world.after(
        delay,
        () => end.deliver(connection.broke[i] as () => void),
      );
    });
  }

  /**
   * Asks a host: `handle` runs there and answers through its argument; `done` runs at `from`, exactly once.
   */
  request<T extends object>(
    from: Host,
    to: Host,
    limitMs: number,
    handle: (reply: (answer: T) => void) => void,
    done: (answer: T | Failure) => void,
    late: (answer: T) => void = () => {},
  ): void {
    let over = false;
    const finish = (answer: T | Failure) => {
      from.deliver(() => {
        if (over) {
          if (typeof answer === "object") late(answer);
          return;
        }
        over = true;
        done(answer);
      });
    };
    this.#travel(from, to, () => {
      if (to.dark) return;
      if (to.down) {
        const answer = to.replaced ? "foreign" : "refused";
        return this.#travel(to, from, () => finish(answer));
      }
      to.deliver(() =>
        handle((answer) => this.#travel(to, from, () => finish(answer)))
      );
    });
    this.#world.after(limitMs, () => finish("silent"));
  }

  #travel(from: Host, to: Host, arrive: () => void): void {
    const start = Math.max(this.#world.now, this.#cutUntil(from, to));
    this.#world.at(start + this.#delay(), arrive);
  }

  #cutUntil(a: Host, b: Host): number {
    return this.#cuts.get(pair(a, b)) ?? 0;
  }

  #delay(): number {
    const [low, high] = this.#conditions.delayMs;
    return this.#world.random.real(low, high);
  }
}

function pair(a: Host, b: Host): number {
  return Math.min(a.id, b.id) * 1000 + Math.max(a.id, b.id);
}
