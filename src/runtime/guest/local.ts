/**
 * Records in the rings that never leave the node; their methods lie above all message methods.
 * They have the head of a message: `pid` is the stream's slot, `tid` the {@linkcode StreamOp}, `seq` the message they belong to.
 */
export const Local = {
  /** Outbox: something for a stream, in the order of its output. */
  stream: 0xfffe,
  /** Inbox: the log has ended, the node is live from here on. */
  live: 0xfffd,
} as const;

/** What a stream record does. */
export const StreamOp = {
  /** A new stream; DATA is its handle (i32), -1 where the node has none. */
  open: 1,
  /** DATA is bytes to send. */
  bytes: 2,
  /** The sending side ends. */
  shutdown: 3,
  /** The stream ends; its slot is free after that. */
  close: 4,
  /** The guest waits until everything logged so far may leave. */
  permit: 5,
} as const;

/** Streams that a guest can have at once; beyond them accept gives `mfile`. */
export const MAX_STREAMS = 16_384;

/** Slots of stdout and stderr; stdin's carries no output but the guest's waits for permits. */
export const PERMIT_SLOT = 0, STDOUT_SLOT = 1, STDERR_SLOT = 2;

/** Bytes that may wait in one stream's queue before the guest sees it full; a write that begins below half of it is taken whole. */
export const QUEUE_LIMIT = 1 << 20;
