// timeout 600 s
/** Families of calls that need no files, on two nodes. `REPLAY=SEED` kills at the moments of one seed. @module */
import { test } from "uvu";
import { FAMILIES } from "./families.ts";
import { addTests } from "./kit/tests.ts";

addTests(
  FAMILIES.filter(({ files }) => !files),
  "tests/families/world.test.ts",
);
test.run();
