import { Reader } from "../reader.ts";
import {
  elements,
  HEADER_BYTES,
  readBody,
  type Section,
  SECTION_ORDER,
  SectionId,
  sections,
} from "../sections.ts";
import { type Addition, additionsTo } from "./additions.ts";
import { appendedTo } from "./appended.ts";
import { Bodies } from "./body.ts";
import { Copy } from "./copy.ts";
import { scanOf } from "./scan.ts";
import { surveyOf } from "./survey.ts";
import { Writer } from "./writer.ts";

/** Room for a copy: so many times the original, and so many bytes more. */
const GROWTH = 1.25;
const MORE = 4096;
/** The custom section that is kept; others tell of places in the code, which moves. */
const NAMES = "name";

/** How a module is rewritten. */
export interface RewriteOptions {
  /** Whether each iteration and each access of memory is counted alone, so that a schedule can part threads at any of them. */
  readonly fine: boolean;
}

/**
 * A module whose threads give way to each other: waits, notifies and growth of memory call hooks, and whatever could compute for
 * ever takes from a quantum (`abi.ts`). Nothing gets another index. Of the custom sections only the names stay.
 *
 * @param bytes a valid module without a `threadProblem`.
 * @throws {Malformed}
 */
export function rewriteThreads(
  bytes: Uint8Array,
  { fine }: RewriteOptions,
): Uint8Array<ArrayBuffer> {
  const survey = surveyOf(bytes);
  const to = appendedTo(survey);
  const scan = scanOf(bytes, survey, fine);
  const out = new Writer(Math.ceil(bytes.length * GROWTH) + MORE);
  const copy = new Copy(bytes, out);
  const bodies = new Bodies(copy, survey, scan, to, fine);
  const additions = additionsTo(survey, to, fine);
  out.copy(bytes, 0, HEADER_BYTES);
  for (const section of sections(bytes)) {
    if (isDropped(bytes, section)) continue;
    while (comesBefore(additions[0], section)) {
      writeNew(out, additions.shift()!);
    }
    const more = additions[0]?.id === section.id;
    out.byte(section.id);
    const size = out.open();
    if (more) writeExtended(copy, section, additions.shift()!, bodies);
    else out.copy(bytes, section.start, section.end);
    out.close(size);
  }
  for (const addition of additions) writeNew(out, addition);
  return out.finish();
}

function isDropped(bytes: Uint8Array, { id, start, end }: Section): boolean {
  if (id !== SectionId.custom) return id === SectionId.start;
  return new Reader(bytes, start, end).text() !== NAMES;
}

/** Whether a section that the module lacks belongs before this one. */
function comesBefore(
  addition: Addition | undefined,
  { id }: Section,
): boolean {
  return addition !== undefined &&
    SECTION_ORDER.indexOf(addition.id) < SECTION_ORDER.indexOf(id);
}

function writeNew(out: Writer, { id, count, contents }: Addition): void {
  out.byte(id);
  const size = out.open();
  out.u32(count);
  out.all(contents);
  out.close(size);
}

/** The contents of a section and what is added to them. */
function writeExtended(
  copy: Copy,
  section: Section,
  { id, count, contents }: Addition,
  bodies: Bodies,
): void {
  copy.out.u32(copy.operand(section.start) + count);
  copy.skipTo(copy.operands.at);
  if (id === SectionId.code) {
    let index = 0;
    for (const body of elements(copy.bytes, section, readBody)) {
      bodies.write(body, index++);
    }
  }
  copy.upTo(section.end);
  copy.out.all(contents);
}
