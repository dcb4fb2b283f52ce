import type { BackupNote, PrimaryNote } from "../../engine/events.ts";
import type { Say } from "../say.ts";

/** Tells the operator what a primary's engine noted; `left` backups are in sync. */
export function sayNote(say: Say, note: PrimaryNote, left: number): void {
  switch (note.kind) {
    case "joined":
      return say.event({
        event: "joined",
        peer: note.address,
        node: note.peer,
        from: 0,
      });
    case "synced":
      return say.event({ event: "synced", peer: note.address, seq: note.at });
    case "resumed":
      return say.event({
        event: "linkBack",
        peer: note.address,
        seq: note.next,
      });
    case "suspected":
      return say.event({
        event: "linkLost",
        peer: note.address,
        reason: note.why,
      });
    case "removed":
      return say.event({
        event: "removed",
        peer: note.address,
        reason: note.reason,
        left,
      });
    case "left":
      return say.event({
        event: "linkLost",
        peer: note.address,
        reason: "it left before it was in sync",
      });
    case "degraded":
      return say.event({ event: "degraded" });
    case "frozen":
      return say.event({ event: "frozen", ms: Math.round(note.ms) });
    case "thawed":
    case "ended":
      return;
  }
}

/** Tells the operator what a backup's engine noted; `address` is its primary's. */
export function sayBackupNote(
  say: Say,
  note: BackupNote,
  address: string,
): void {
  switch (note.kind) {
    case "connected":
      if (note.resumed) say.event({ event: "linkBack", peer: address, seq: 0 });
      return;
    case "disconnected":
      return say.event({
        event: "linkLost",
        peer: address,
        reason: "the connection broke",
      });
    case "waiting":
      return say.event({ event: "waitingForPrimary", address });
    case "synced":
      return say.event({ event: "following", address, seq: note.at });
    case "frozen":
      return say.event({ event: "frozen", ms: Math.round(note.ms) });
    case "removed":
    case "confirmed":
    case "primaryDead":
    case "primaryAlive":
      return;
  }
}
