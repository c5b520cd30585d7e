/** English: what the page says from the start. */

import meeting from "./en/meeting.js";
import outside from "./en/outside.js";

export default { ...outside, ...meeting };
