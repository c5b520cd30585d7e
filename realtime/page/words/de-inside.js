/** German: what it says to who is signed in. A first visit has room for no more than the rest, beside the English that is always there. */

import account from "./de/account.js";
import inside from "./de/inside.js";
import meeting from "./de/meeting.js";

export default { ...inside, ...account, ...meeting };
