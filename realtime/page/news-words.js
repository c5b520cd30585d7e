/** What the page says of news: the server tells them in English, and those that are known here are said in the language of the page. Pure. */

import { filled, words } from "./texts.js";

/** What the server says, by the key of the same in `words.news.said`; the contract leaves it to clients to say it in their own words. */
const SERVER = {
  friend_request: "{name} wants to be your friend",
  friend_accepted: "{name} is your friend now",
  missed: "You missed a call",
  missed_text: "Somebody was there for you, and you did not answer.",
  copy: "The copy of your data is ready",
  copy_text: "You can download it now. It is kept for some days.",
  warned: "A moderator has warned you",
  warned_text: "See why, and how to appeal.",
  lifted: "A warning was taken back",
  lifted_text: "It does not count any more.",
  granted: "Your appeal was granted",
  granted_text: "The warning was taken back.",
  refused: "Your appeal was refused",
  refused_text: "The warning stands.",
  see_more: "See more",
  see_friends: "See your friends",
  download: "Download it",
  again: "Try again",
};

/** The same as a notification, in the language of the page where its words are known. */
export function toldOf({ title, body, action }) {
  return { title: own(title), body: own(body), label: own(action?.label ?? "") };
}

function own(sentence) {
  for (const [key, said] of Object.entries(SERVER)) {
    const end = said.replace("{name}", "");
    if (sentence === said) return words.news.said[key];
    if (end !== said && sentence.endsWith(end)) return filled(words.news.said[key], { name: sentence.slice(0, -end.length) });
  }
  return sentence;
}
