/** For tests of what the page says: it speaks English here. */

import { speak } from "../../realtime/page/texts.js";
import outside from "../../realtime/page/words/en.js";
import inside from "../../realtime/page/words/en-inside.js";

speak(outside, inside);
