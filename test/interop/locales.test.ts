/** How names and numbers are shown in the locale of the environment: one that is not installed is as good as none (3-transfer 9.3, 9.7). */
import { describe, test } from "vitest";
import { sideBySide } from "../support/side-by-side.ts";

const setup = `mkdir s; head -c 1234567 /dev/zero >s/large
for name in 'gr\\303\\274\\303\\237' 'bad\\377' 'tab\\there' 'nel\\302\\205' '\\360\\237\\230\\200' 'half\\355\\240\\200'; do touch s/"$(printf "$name")"; done
find s -exec touch -d @1500000000 {} +`;

describe.each([
  { LC_ALL: "en_US.UTF-8" },
  { LC_ALL: "de_DE.UTF-8" },
  { LC_ALL: "C.UTF-8", LC_NUMERIC: "de_DE.UTF-8" },
  { LC_ALL: "", LANG: "C.utf8", LC_CTYPE: "fr_FR" },
  { LC_ALL: "", LC_CTYPE: "C.UTF-8" },
  { LC_ALL: "nonsense" },
  { LC_ALL: "C" },
])("%o", (env) => {
  const compare = sideBySide({ look: "find d | sort", env });
  test.each(["-av s/ d/", "-ai8 s/ d/", "-rh s/", "-ah --stats --out-format=%n_%l s/ d/", "-a s/ s/gr\xfc d/"])(
    "%s",
    (line) => {
      compare(setup, line);
    },
  );
});
