/** The same program in many languages, each by its own compiler, with the same result. `REPLAY=SEED` repeats a run's kills. @module */
import { test } from "uvu";
import { killNodes } from "../kit/node.ts";
import { removeDirs } from "../kit/place.ts";
import { builtTour, goTour } from "./kit/programs.ts";
import { testTour } from "./kit/tour.ts";

test.after(async () => {
  await killNodes();
  removeDirs();
});

testTour("a program in C", 1, () => builtTour("c"));
testTour("a program in C++", 2, () => builtTour("cpp"));
testTour("a program in Rust", 3, () => builtTour("rust"));
testTour("a program in Zig", 4, () => builtTour("zig"));
testTour("a program in AssemblyScript", 5, () => builtTour("as"));
testTour("a program in Go", 6, goTour);

test.run();
