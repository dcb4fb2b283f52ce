/** Recordings that are taken apart, changed, and put together with checksums that fit. @module */
import { viewOf } from "../../../src/engine/batch.ts";
import {
  checksumOf,
  DataBody,
  FRAME_KINDS,
  FrameHeader,
} from "../../../src/engine/frame.ts";
import { LogHeader } from "../../../src/engine/log.ts";
import { MessageHeader } from "../../../src/engine/message.ts";

/** A message where it stands in a recording. */
export interface Placed {
  readonly seq: number;
  readonly method: number;
  /** Offset of its head in the file. */
  readonly at: number;
  /** Its DATA; a change of it is one of the recording. */
  readonly data: Uint8Array;
}

/** A recording in memory. */
export class Edited {
  readonly bytes: Uint8Array<ArrayBuffer>;

  constructor(path: string) {
    this.bytes = Deno.readFileSync(path);
  }

  /** Offsets of the frames, and where the last one ends. */
  frames(): number[] {
    const view = viewOf(this.bytes);
    const offsets: number[] = [];
    let at = LogHeader.size + LogHeader.read(view, 0).module;
    for (; at < this.bytes.length;) {
      offsets.push(at);
      at += view.getUint32(at + FrameHeader.at.size, true);
    }
    return [...offsets, at];
  }

  /** All messages in order. */
  messages(): Placed[] {
    const view = viewOf(this.bytes);
    const found: Placed[] = [];
    const offsets = this.frames();
    for (const [i, frame] of offsets.slice(0, -1).entries()) {
      const kind = view.getUint8(frame + FrameHeader.at.kind);
      if (kind !== FRAME_KINDS.data[0]) continue;
      let at = frame + FrameHeader.size + DataBody.size;
      while (at < offsets[i + 1]!) {
        const data = at + MessageHeader.size;
        const size = view.getUint32(at + MessageHeader.at.dataSize, true);
        found.push({
          seq: found.length,
          method: view.getUint16(at + MessageHeader.at.method, true),
          at,
          data: this.bytes.subarray(data, data + size),
        });
        at += view.getUint32(at + MessageHeader.at.size, true);
      }
    }
    return found;
  }

  /** Puts the frames of messages so far apart, in ns of the guest's monotonic clock. */
  spread(ns: bigint): void {
    const view = viewOf(this.bytes);
    for (const [i, frame] of this.frames().slice(0, -1).entries()) {
      const kind = view.getUint8(frame + FrameHeader.at.kind);
      if (kind !== FRAME_KINDS.data[0]) continue;
      const at = frame + FrameHeader.size + DataBody.at.monotonicLow;
      view.setBigUint64(at, BigInt(i) * ns, true);
    }
  }

  /** Writes it to `path` with the checksum of every frame made new. */
  save(path: string): string {
    const view = viewOf(this.bytes);
    const offsets = this.frames();
    for (const [i, frame] of offsets.slice(0, -1).entries()) {
      const bytes = this.bytes.subarray(frame, offsets[i + 1]);
      view.setUint32(
        frame + FrameHeader.at.checksum,
        checksumOf(bytes),
        true,
      );
    }
    Deno.writeFileSync(path, this.bytes);
    return path;
  }
}
