/** What a program may learn that is another each time. */
export const SOURCES = ["clock", "random", "env", "readdir", "io"] as const;
/** See {@linkcode SOURCES}. */
export type Source = typeof SOURCES[number];

/** A world in which every source is fixed but one. */
export interface FixedWorld {
  /** The source that is not as it is in the other fixed worlds; null: none. */
  readonly other: Source | null;
}
