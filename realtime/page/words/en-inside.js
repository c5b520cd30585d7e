/** English: what it says to who is signed in. */

import account from "./en/account.js";
import calling from "./en/calling.js";
import groups from "./en/groups.js";
import inside from "./en/inside.js";
import places from "./en/places.js";
import journey from "./en/journey.js";
import mentors from "./en/mentors.js";
import messages from "./en/messages.js";
import posts from "./en/posts.js";
import rewards from "./en/rewards.js";
import verdicts from "./en/verdicts.js";

export default { ...inside, ...account, ...calling, ...groups, ...journey, ...mentors, ...messages, ...places, ...posts, ...rewards, ...verdicts };
