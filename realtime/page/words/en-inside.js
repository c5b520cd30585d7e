/** English: what it says to who is signed in. */

import account from "./en/account.js";
import inside from "./en/inside.js";

export default { ...inside, ...account };
