import { skipValueType } from "../instructions.ts";
import { Malformed, type Reader } from "../reader.ts";
import { elements, type Section } from "../sections.ts";

const REC_GROUP = 0x4e;
const SUB_FINAL = 0x4f;
const SUB = 0x50;
const ARRAY = 0x5e;
const STRUCT = 0x5f;
const FUNCTION = 0x60;

/**
 * For each type of the type section, how many parameters its functions have; -1 for a type of no functions.
 *
 * @throws {Malformed}
 */
export function readParams(bytes: Uint8Array, section: Section): number[] {
  const groups = elements(bytes, section, (reader) => {
    if (bytes[reader.at] !== REC_GROUP) return [readType(reader)];
    reader.skip(1);
    const group: number[] = [];
    for (let left = reader.u32(); left > 0; left--) {
      group.push(readType(reader));
    }
    return group;
  });
  return [...groups].flat();
}

function readType(reader: Reader): number {
  const at = reader.at;
  let form = reader.byte();
  if (form === SUB || form === SUB_FINAL) {
    for (let left = reader.u32(); left > 0; left--) reader.u32();
    form = reader.byte();
  }
  switch (form) {
    case FUNCTION: {
      const params = skipTypes(reader);
      skipTypes(reader);
      return params;
    }
    case STRUCT:
      for (let left = reader.u32(); left > 0; left--) skipField(reader);
      return -1;
    case ARRAY:
      skipField(reader);
      return -1;
    default:
      throw new Malformed(`the type at byte ${at} is of no known kind`);
  }
}

function skipTypes(reader: Reader): number {
  const count = reader.u32();
  for (let left = count; left > 0; left--) skipValueType(reader);
  return count;
}

/** A storage type, packed or not, and whether it can be changed. */
function skipField(reader: Reader): void {
  skipValueType(reader);
  reader.skip(1);
}
