/** People of one's address book: their numbers are sent in parts, and forgotten again when one says so. Throws what the server says. */

const AT_ONCE = 2_000; // as many as the server takes
const LONGEST = 40;
const NUMBER = /\+?[\d(][\d\s()./-]{3,}\d/;

/** Of what somebody has typed: `{contacts: [{phone, name?}], rest}`; `rest` are the lines in which no number is. Pure. */
export function numbersIn(typed) {
  const [contacts, rest] = [[], []];
  for (const line of typed.split(/[\n,;]/).map((each) => each.trim()).filter(Boolean)) {
    const phone = NUMBER.exec(line)?.[0];
    if (!phone || phone.length > LONGEST) rest.push(line);
    else contacts.push(named(phone, line.replace(phone, "")));
  }
  return { contacts, rest };
}

/** Of what somebody has chosen in the browser's own list: each number of each. Pure. */
export function numbersOf(chosen) {
  return chosen.flatMap(({ name = [], tel = [] }) => tel.filter((phone) => phone.length <= LONGEST).map((phone) => named(phone, name[0] ?? "")));
}

function named(phone, name) {
  const said = [...name.replace(/^[\s:–-]+|[\s:–-]+$/g, "")].slice(0, 100).join("");
  return said ? { phone, name: said } : { phone };
}

export class Contacts {
  #api;
  #friends;

  constructor({ api, friends }) {
    this.#api = api;
    this.#friends = friends;
  }

  /** Send them, in parts. `{matches, left, error}`: who is here, and what could not be sent, and why. */
  async send(contacts) {
    const matches = [];
    for (let at = 0; at < contacts.length; at += AT_ONCE) {
      try {
        matches.push(...(await this.#api.request("POST", "/v1/contacts", { contacts: contacts.slice(at, at + AT_ONCE) })).matches);
      } catch (error) {
        return { matches, left: contacts.slice(at), error };
      }
    }
    this.#friends.suggest();
    return { matches, left: [], error: null };
  }

  async forget() {
    await this.#api.request("DELETE", "/v1/contacts");
    this.#friends.suggest();
  }
}
