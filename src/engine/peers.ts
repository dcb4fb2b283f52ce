/**
 * The nodes that follow a primary over a link, and what is sent to them.
 *
 * @module
 */
import { type Batch, cutFrom, nextOf } from "./batch.ts";
import type { NodeId } from "./epoch.ts";
import type { Link, PrimaryAction } from "./events.ts";
import type { Flow } from "./flow.ts";
import type { Window } from "./window.ts";

/** Most that one feed asks of the log on disk. */
const FEED_BYTES = 1 << 20;

/** A node that follows us, or did until its link broke. */
export interface Peer {
  readonly node: NodeId;
  readonly address: string;
  /** `undefined` while it is disconnected. */
  link: Link | undefined;
  linkedAt: number;
  /** It acked over this link: somebody is at the other end. */
  acks: boolean;
  heardAt: number;
  /** Time at which the newest heartbeat was sent that it confirmed. */
  lease: number;
  heartbeatAt: number;
  flow: Flow;
}

/** What a feeder needs of the primary. */
export interface Source {
  readonly window: Window;
  readonly windowBytes: number;
  /** Outputs below this have left. */
  readonly left: () => number;
}

/** A peer whose link just came up, with the log it has. */
export function linkedPeer(
  node: NodeId,
  address: string,
  link: Link,
  flow: Flow,
  now: number,
): Peer {
  return {
    node,
    address,
    link,
    linkedAt: now,
    acks: false,
    heardAt: now,
    lease: -Infinity,
    heartbeatAt: -Infinity,
    flow,
  };
}

/** Sends to peers what they lack, within their windows. */
export class Feeder {
  readonly #source: Source;
  readonly #out: (action: PrimaryAction) => void;

  constructor(source: Source, out: (action: PrimaryAction) => void) {
    this.#source = source;
    this.#out = out;
  }

  /** Sends from memory while the window has room; asks the disk for what memory lacks. */
  pump(peer: Peer): void {
    const { window, windowBytes } = this.#source;
    const { flow } = peer;
    if (peer.link === undefined || flow.feeding !== undefined) return;
    while (flow.cursor < window.next && flow.inFlight < windowBytes) {
      const batch = window.from(flow.cursor);
      if (batch === undefined) {
        flow.feeding = flow.cursor;
        const bytes = Math.min(FEED_BYTES, windowBytes - flow.inFlight);
        this.#out({ kind: "feed", peer: peer.node, from: flow.cursor, bytes });
        return;
      }
      this.#send(peer, peer.link, batch);
    }
  }

  /** Takes what the disk gave; false when it gave nothing for the number that was asked. */
  fed(peer: Peer, from: number, batch: Batch | undefined): boolean {
    const { flow } = peer;
    if (flow.feeding !== from || peer.link === undefined) return true;
    flow.feeding = undefined;
    const useful = batch !== undefined && batch.first <= from &&
      nextOf(batch) > from;
    if (!useful) return false;
    if (flow.cursor === from) this.#send(peer, peer.link, cutFrom(batch, from));
    this.pump(peer);
    return true;
  }

  /** Tells a peer that we live, what it was sent, and how far outputs have left. */
  heartbeat(peer: Peer, now: number): void {
    if (peer.link === undefined) return;
    peer.heartbeatAt = now;
    this.#out({
      kind: "send",
      peer: peer.node,
      link: peer.link,
      frame: {
        kind: "heartbeat",
        next: peer.flow.cursor,
        end: this.#source.window.next,
        released: this.#source.left(),
        sent: Math.floor(now),
      },
    });
  }

  #send(peer: Peer, link: Link, batch: Batch): void {
    peer.flow.sent(batch);
    const released = this.#source.left();
    this.#out({
      kind: "send",
      peer: peer.node,
      link,
      frame: { kind: "data", batch, released },
    });
  }
}
