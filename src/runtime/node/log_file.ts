import { type Batch, nextOf, viewOf } from "../../engine/batch.ts";
import { decodeFrame, frameSize } from "../../engine/decode.ts";
import { FrameHeader } from "../../engine/frame.ts";
import { encodeLogHeader, LogHeader, LogIndex } from "../../engine/log.ts";
import { AppendFile } from "../host/append_file.ts";

/** How far apart the marks of the index are, in bytes of the log. */
const MARK_BYTES = 256 << 10;

/** The log on disk: a head and frames as on the wire, from message 0. Late joiners and slow guests are fed from it. */
export class LogFile {
  readonly #file: AppendFile;
  readonly #index = new LogIndex(MARK_BYTES);
  /** Where the last reader stopped: the next read most often goes on there. */
  #cursor: { readonly next: number; readonly offset: number };

  /**
   * Makes the file at `path` for `run` (16 bytes), in a recording perhaps with the guest's module; or goes on with the one
   * there at byte `end`, where it is cut.
   *
   * @throws {ReplrtError} when it can't be made, or can't be cut.
   */
  constructor(
    path: string,
    run: Uint8Array,
    module: Uint8Array = new Uint8Array(0),
    end?: number,
  ) {
    this.#file = new AppendFile(path, end);
    if (end === undefined) {
      this.#file.append(encodeLogHeader(run, 0, module.length));
      if (module.length > 0) this.#file.append(module);
    }
    this.#cursor = { next: 0, offset: LogHeader.size + module.length };
  }

  /** Bytes on disk. */
  get size(): number {
    return this.#file.size;
  }

  /**
   * Appends the frame of a batch whose first message is `first`.
   *
   * @throws {ReplrtError} when the disk does not take it; the log ends before it then.
   */
  append(frame: Uint8Array, first: number): void {
    const offset = this.#file.size;
    this.#file.append(frame);
    this.#index.add(first, offset);
  }

  /** Appends a frame without messages. @throws {ReplrtError} as {@linkcode append}. */
  note(frame: Uint8Array): void {
    this.#file.append(frame);
  }

  /** Returns when all of it is on the disk itself. @throws {ReplrtError} when the disk fails. */
  sync(): void {
    this.#file.sync();
  }

  /**
   * The batch that holds message `from`; undefined where the log does not.
   *
   * @throws {ReplrtError} when the disk fails.
   */
  read(from: number): Batch | undefined {
    let offset = this.#cursor.next === from
      ? this.#cursor.offset
      : this.#index.before(from) ?? this.#file.size;
    while (offset < this.#file.size) {
      const head = this.#file.readAt(offset, FrameHeader.size);
      const size = frameSize(viewOf(head), 0);
      if (typeof size === "string") return undefined;
      const frame = decodeFrame(this.#file.readAt(offset, size));
      if (typeof frame === "string") return undefined;
      offset += size;
      if (frame.body.kind === "heartbeat") continue;
      if (frame.body.kind !== "data") return undefined;
      const { batch } = frame.body;
      if (from < nextOf(batch)) {
        this.#cursor = { next: nextOf(batch), offset };
        return batch;
      }
    }
    return undefined;
  }

  /** Lets the file go; it stays where it is. */
  close(): void {
    this.#file.close();
  }
}
