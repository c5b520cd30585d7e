/**
 * What this server can do for who signs in, as the page itself says: `mail`, `sms`, and of Google and Apple the address at which one signs
 * in there and the id that this page has there. `hides_addresses`: whether strangers are kept on relays at first. `map`: where the
 * pictures below a map are, and whose, `{address, credit, link}`; null: there are none. `push_key`: with which a browser subscribes to
 * notifications; null: they are not sent to browsers. `edit_window_s`: for how long a message may be changed by whoever has sent it.
 */

const NOTHING = { mail: false, sms: false, hides_addresses: false, providers: {}, map: null, push_key: null, edit_window_s: 0 };

export function waysHere() {
  return { ...NOTHING, ...JSON.parse(document.querySelector('meta[name="sign-in"]').content) };
}
