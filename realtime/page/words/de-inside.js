/** German: what it says to who is signed in. A first visit has room for no more than the rest, beside the English that is always there. */

import account from "./de/account.js";
import calling from "./de/calling.js";
import groups from "./de/groups.js";
import inside from "./de/inside.js";
import meeting from "./de/meeting.js";
import places from "./de/places.js";
import journey from "./de/journey.js";
import mentors from "./de/mentors.js";
import messages from "./de/messages.js";
import posts from "./de/posts.js";
import rewards from "./de/rewards.js";
import verdicts from "./de/verdicts.js";

export default { ...inside, ...account, ...calling, ...groups, ...journey, ...mentors, ...messages, ...places, ...posts, ...rewards, ...verdicts, ...meeting };
