import { encode } from "cbor-x";
import { getU64 } from "../../bytes/layout.ts";
import { assert } from "../../bytes/assert.ts";
import { decodeValue } from "../../engine/frame.ts";
import {
  Control,
  MAX_DATA,
  MessageHeader,
  messageSize,
} from "../../engine/message.ts";
import { Data } from "../../wasi-intercept/data.ts";
import {
  describeArguments,
  describeMessage,
} from "../../wasi-intercept/describe.ts";
import {
  DIVERGED,
  FIRST_TID,
  LIVE,
  type Messages,
  OTHERS,
  PID,
  type ThreadMessages,
  type Told,
} from "../../wasi-intercept/messages.ts";
import type { Syscall } from "../../wasi-intercept/syscall.ts";
import { Uncatchable } from "../../wasi-intercept/uncatchable.ts";
import { PAD, type Ring } from "../ring.ts";
import { decodeEnd, type GuestEnd } from "./end.ts";
import { Local } from "./local.ts";

const {
  method: METHOD,
  errno: ERRNO,
  pid: PROCESS,
  tid: TID,
  seq: SEQ,
  digest: DIGEST,
  dataSize: DATA_SIZE,
} = MessageHeader.at;
const HEAD = MessageHeader.size;

/** What a following guest is told beside outcomes. */
export interface Followed {
  /** A TAKEOVER message with this DATA goes by; false when it can't be read. */
  takeover(data: Uint8Array): boolean;
  /** The node is live from here on. */
  live(): void;
}

/** Guest and log disagree; never tolerated, never retried. */
export class Divergence extends Uncatchable {
  constructor(
    readonly seq: number,
    readonly recorded: string,
    readonly replayed: string,
  ) {
    super(
      `cannot replay message ${seq}: the log has ${recorded}, the guest called ${replayed}`,
    );
  }
}

/** The log says that the guest ended here by a trap, though on this node it went on to another call (rule 6). */
export class LoggedEnd extends Uncatchable {
  constructor(readonly end: GuestEnd) {
    super("the log ends here");
  }
}

/** The guest's side of the messaging, over two rings: the outbox carries its outcomes out, the inbox the log in. */
export class RingMessages implements Messages, ThreadMessages {
  following: boolean;
  tid = FIRST_TID;
  readonly args = new Data();
  /** Number of the message at hand while following. */
  seq = 0;
  /** An output was queued: main is woken at the next publish. */
  urgent = false;
  readonly #data: Data;
  readonly #outbox: Ring;
  readonly #inbox: Ring;
  readonly #followed: Followed;
  /** Where the message at hand starts, in the ring it is in. */
  #at = 0;
  /** How far the inbox is used up once the message at hand is done with. */
  #used = -1;
  /** Whether the message at hand was looked at and is still the next one. */
  #held = false;
  /** Why nothing more is followed; the message at hand is held then. */
  #failure: Error | undefined;
  #argumentBytes = 0;

  constructor(
    data: Data,
    outbox: Ring,
    inbox: Ring,
    following: boolean,
    followed: Followed,
  ) {
    this.#data = data;
    this.#outbox = outbox;
    this.#inbox = inbox;
    this.following = following;
    this.#followed = followed;
  }

  begin(argumentBytes: number): void {
    const at = this.#outbox.reserveWaiting(HEAD + MAX_DATA);
    this.#at = at;
    this.#argumentBytes = argumentBytes;
    this.args.place(
      this.#outbox.view,
      this.#outbox.bytes,
      at + HEAD,
      argumentBytes,
    );
    this.#data.place(
      this.#outbox.view,
      this.#outbox.bytes,
      at + HEAD + argumentBytes,
      0,
    );
  }

  end(method: number, errno: number, digest: number): void {
    this.#end(
      method,
      errno,
      digest,
      this.#argumentBytes + (errno === 0 ? this.#data.size : 0),
    );
  }

  #end(
    method: number,
    errno: number,
    digest: number,
    dataSize: number,
    tid = this.tid,
  ): void {
    const { view } = this.#outbox;
    const at = this.#at;
    const size = messageSize(dataSize);
    for (let i = at + HEAD + dataSize; i < at + size; i++) view.setUint8(i, 0);
    view.setUint32(at, size, true);
    view.setUint16(at + METHOD, method, true);
    view.setUint16(at + ERRNO, errno, true);
    view.setUint32(at + PROCESS, PID, true);
    view.setUint32(at + TID, tid, true);
    view.setUint32(at + DIGEST, digest, true);
    view.setUint32(at + DATA_SIZE, dataSize, true);
    this.#outbox.advance(size);
  }

  publish(): void {
    this.#outbox.publish();
    if (!this.urgent) return;
    this.urgent = false;
    if (!this.following) this.#outbox.wakeReader();
  }

  /** Logs PROCESS_EXIT. */
  processExit(data: Uint8Array): void {
    this.#control(Control.processExit, this.tid, data);
    this.#outbox.wakeReader();
  }

  tell(method: number, tid: number, value: object): void {
    this.#control(method, tid, encode(value));
  }

  #control(method: number, tid: number, data: Uint8Array): void {
    this.begin(0);
    this.#data.write(0, data);
    this.#end(method, 0, 0, data.length, tid);
    this.publish();
  }

  told(method: number, tid: number, what: string): Told | undefined {
    const found = this.#next();
    if (found === Local.live) return undefined;
    if (found === method && this.#tid === tid && this.#pid === PID) {
      const told = decodeValue(this.#dataOf().slice());
      if (told !== undefined) return told;
    }
    if (found === Control.processExit) this.#checkEnd();
    this.refuse(what);
  }

  refuse(what: string): never {
    throw this.#stop(new Divergence(this.seq, this.#recorded(), what));
  }

  /** Nothing is followed behind this, whatever the guest makes of what is thrown. */
  #stop<E extends Error>(failure: E): E {
    this.#held = true;
    this.#failure = failure;
    return failure;
  }

  get #pid(): number {
    return this.#inbox.view.getUint32(this.#at + PROCESS, true);
  }

  get #tid(): number {
    return this.#inbox.view.getUint32(this.#at + TID, true);
  }

  /** Hands all that is published to main, which may sleep. */
  flush(): void {
    this.#outbox.wakeReader();
  }

  take(method: number, digest: number, argumentBytes: number): number {
    const { view, bytes } = this.#inbox;
    const found = this.#next();
    if (found === Local.live) return LIVE;
    if (this.#tid !== this.tid) {
      this.#held = true;
      return OTHERS;
    }
    if (found === Control.processExit) this.#checkEnd();
    if (this.#pid !== PID) return DIVERGED;
    const at = this.#at;
    if (found !== method || view.getInt32(at + DIGEST, true) !== digest) {
      return DIVERGED;
    }
    const dataSize = view.getUint32(at + DATA_SIZE, true);
    if (dataSize < argumentBytes) return DIVERGED;
    this.args.place(view, bytes, at + HEAD, argumentBytes);
    this.#data.place(
      view,
      bytes,
      at + HEAD + argumentBytes,
      dataSize - argumentBytes,
    );
    return view.getUint16(at + ERRNO, true);
  }

  /**
   * Takes the message of the guest's end, after the running thread ended it; what the log has, or `undefined` when the node is live.
   *
   * @throws {LoggedEnd} when another thread's trap had ended it before.
   */
  takeEnd(replayed: string): GuestEnd | undefined {
    const found = this.#next();
    if (found === Local.live) return undefined;
    if (found === Control.processExit) {
      const end = decodeEnd(this.#dataOf().slice());
      if (this.#tid === this.tid && this.#pid === PID && end) return end;
      this.#checkEnd();
    }
    this.refuse(this.#own(replayed));
  }

  diverge(row: Syscall, args: readonly (number | bigint)[]): never {
    const found = this.#inbox.view.getUint16(this.#at + METHOD, true);
    if (found === Control.processExit) this.#checkEnd();
    this.refuse(this.#own(describeArguments(row, args)));
  }

  /** Moves to the next message of the guest, past those that concern the node alone; gives its method. */
  #next(): number {
    if (this.#held) {
      if (this.#failure !== undefined) throw this.#failure;
      this.#held = false;
      return this.#inbox.view.getUint16(this.#at + METHOD, true);
    }
    for (;;) {
      const method = this.#step();
      if (method === PAD) continue;
      if (method === Local.live) return this.#goLive();
      this.#count();
      if (method === Control.takeover) {
        this.#takeover();
      } else if (
        method !== Control.memberJoined && method !== Control.memberRemoved
      ) return method;
    }
  }

  /** @throws {Divergence} when nobody can follow a node whose clocks are not known. */
  #takeover(): void {
    if (this.#followed.takeover(this.#dataOf().slice())) return;
    const recorded = "a takeover that can't be read";
    throw this.#stop(new Divergence(this.seq, recorded, "something else"));
  }

  /** Moves to the next record; gives its method. */
  #step(): number {
    if (this.#used >= 0) this.#inbox.consume(this.#used);
    this.#inbox.waitReadable();
    this.#at = this.#inbox.tail;
    this.#used = this.#at + this.#inbox.view.getUint32(this.#at, true);
    return this.#inbox.view.getUint16(this.#at + METHOD, true);
  }

  #count(): void {
    const seq = getU64(this.#inbox.view, this.#at + SEQ);
    assert(seq === this.seq + 1, `message ${seq} follows message ${this.seq}`);
    this.seq = seq;
  }

  #goLive(): number {
    this.#inbox.consume(this.#used);
    this.following = false;
    this.#followed.live();
    return Local.live;
  }

  #dataOf(): Uint8Array<ArrayBuffer> {
    const size = this.#inbox.view.getUint32(this.#at + DATA_SIZE, true);
    return this.#inbox.bytes.subarray(this.#at + HEAD, this.#at + HEAD + size);
  }

  /** @throws {LoggedEnd} when the message at hand says that the guest trapped. */
  #checkEnd(): void {
    const end = decodeEnd(this.#dataOf().slice());
    if (end?.kind === "trap") throw this.#stop(new LoggedEnd(end));
  }

  #recorded(): string {
    const text = describeMessage(
      this.#inbox.view.getUint16(this.#at + METHOD, true),
      this.#dataOf(),
    );
    const tid = this.#tid, pid = this.#pid;
    const thread = tid === 0 || tid === this.tid ? "" : ` of thread ${tid}`;
    return `${text}${thread}${pid === PID ? "" : ` of process ${pid}`}`;
  }

  /** What the running thread did, which is named where the log has another's message. */
  #own(what: string): string {
    return this.#tid === this.tid ? what : `${what} of thread ${this.tid}`;
  }
}

/** The record that tells a following guest to go live. */
export function liveRecord(): Uint8Array {
  const bytes = new Uint8Array(HEAD);
  const view = new DataView(bytes.buffer);
  view.setUint32(MessageHeader.at.size, HEAD, true);
  view.setUint16(METHOD, Local.live, true);
  return bytes;
}
