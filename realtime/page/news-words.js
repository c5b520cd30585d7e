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
  photo_removed: "Your photo was removed",
  video_removed: "Your video was removed",
  removed_text: "We took it down because {why}. Nobody else sees it. Please choose another one.",
  photo_again: "We look at your photo again",
  video_again: "We look at your video again",
  again_text: "It was removed, and is not for now. Others see it again when we have passed it. You need do nothing.",
  see_profile: "See your profile",
  shows_nudity: "it shows nakedness",
  shows_harassment: "it humiliates or threatens somebody",
  shows_hate: "it shows hate against people",
  shows_underage: "it shows somebody who looks under 18",
  shows_violence: "it shows violence",
  shows_self_harm: "it shows somebody hurting themselves",
  shows_another: "it seems to show somebody else than you",
  shows_spam: "it is advertising",
  shows_scam: "it seems to be there to deceive people",
  shows_other: "it is against the rules of this place",
};

/** A notification in the language of the page, where its words are known. */
export function toldOf({ title, body, action }) {
  return { title: own(title), body: own(body), label: own(action?.label ?? "") };
}

/** A sentence of the server in the language of the page; one that is not known stays as it is. What others wrote is never changed. */
export function own(sentence) {
  for (const [key, said] of Object.entries(SERVER)) {
    const [before, place, after] = said.split(/\{(\w+)\}/);
    if (!place && sentence === said) return words.news.said[key];
    if (!place || !sentence.startsWith(before) || !sentence.endsWith(after)) continue;
    const told = sentence.slice(before.length, -after.length);
    return filled(words.news.said[key], { [place]: place === "why" ? own(told) : told });
  }
  return sentence;
}
