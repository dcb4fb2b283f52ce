/** What an area of the bench is, and what it gives. @module */

/** Something that is measured by itself: `deno task bench NAME`. */
export interface Area {
  readonly name: string;
  /** Its heading in the file. */
  readonly title: string;
  /** `quick` measures as little as shows that it works; its figures mean nothing. @throws {Error} when it can't. */
  measure(quick: boolean): Promise<Report>;
}

/** What came of an area. */
export interface Report {
  /** What the figures are and how they were taken, as Markdown. */
  readonly about: string;
  readonly tables: readonly Table[];
  readonly aims: readonly Aim[];
}

/** Figures with their units in the head; the first cell of a row is its name. */
export interface Table {
  /** What these figures are, where the area has several kinds; as Markdown. */
  readonly about?: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A figure that is judged. */
export interface Aim {
  readonly what: string;
  readonly bound: "at most" | "at least";
  readonly limit: number;
  readonly unit: "x" | " ms" | " µs";
  readonly value: number;
  /** Why it is missed, where it is known to be; printed only then. */
  readonly why?: string | undefined;
  /** Why it can't be judged here. */
  readonly moot?: string | undefined;
}

/** Whether the figure is where it should be. */
export function reached({ bound, limit, value }: Aim): boolean {
  return bound === "at most" ? value <= limit : value >= limit;
}

/** The middle value; NaN of none. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The least value that a part `q` of all does not exceed; NaN of none. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? NaN;
}
