import { type Batch, nextOf } from "../../engine/batch.ts";
import { decodeFrame, frameSize } from "../../engine/decode.ts";
import { FrameHeader, MAX_BODY } from "../../engine/frame.ts";
import { AppendFile } from "../host/append_file.ts";

/** How far apart the marks of the index are, in bytes of the log. */
const MARK_BYTES = 256 << 10;

/** The log on disk: data frames as on the wire, from message 0. Late joiners and slow guests are fed from it. */
export class LogFile {
  readonly #file: AppendFile;
  /** First number and offset of a frame every {@linkcode MARK_BYTES}. */
  readonly #marks: { readonly first: number; readonly offset: number }[] = [];
  /** Where the last reader stopped: the next read most often goes on there. */
  #cursor = { next: 0, offset: 0 };

  /** Makes the file in `dir`. @throws {ReplrtError} when it can't be made. */
  constructor(dir: string) {
    this.#file = new AppendFile(`${dir}/log`);
  }

  /** Bytes on disk. */
  get size(): number {
    return this.#file.size;
  }

  /** Appends the frame of a batch. @throws {ReplrtError} when the disk does not take it; the log ends before it then. */
  append(frame: Uint8Array, first: number): void {
    const offset = this.#file.size;
    this.#file.append(frame);
    const last = this.#marks.at(-1);
    if (last === undefined || offset - last.offset >= MARK_BYTES) {
      this.#marks.push({ first, offset });
    }
  }

  /** The batch that holds message `from`; undefined where the log does not. @throws {ReplrtError} when the disk fails. */
  read(from: number): Batch | undefined {
    let offset = this.#cursor.next === from
      ? this.#cursor.offset
      : this.#markBefore(from);
    while (offset < this.#file.size) {
      const head = this.#file.readAt(offset, FrameHeader.size);
      const size = frameSize(
        new DataView(head.buffer, head.byteOffset, head.length),
        0,
      );
      if (typeof size === "string" || size > FrameHeader.size + MAX_BODY) {
        return undefined;
      }
      const frame = decodeFrame(this.#file.readAt(offset, size));
      if (typeof frame === "string" || frame.body.kind !== "data") {
        return undefined;
      }
      offset += size;
      const { batch } = frame.body;
      if (from < nextOf(batch)) {
        this.#cursor = { next: nextOf(batch), offset };
        return batch;
      }
    }
    return undefined;
  }

  close(): void {
    this.#file.close();
  }

  #markBefore(from: number): number {
    let low = 0, high = this.#marks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#marks[middle] as { first: number }).first <= from) {
        low = middle + 1;
      } else high = middle;
    }
    return this.#marks[low - 1]?.offset ?? 0;
  }
}
