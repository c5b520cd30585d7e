/** What the page says of news: the server tells them in English, and those that are known here are said in the language of the page. Pure. */

import { filled, words } from "./texts.js";

/** What the server says, by the key of the same in `words.news.said`; the contract leaves it to clients to say it in their own words. */
const SERVER = {
  friend_request: "{name} wants to be your friend",
  friend_accepted: "{name} is your friend now",
  likes: "{name} likes your post",
  commented: "{name} commented on your post",
  answered: "{name} answered your comment",
  see_post: "See the post",
  missed: "You missed a call",
  missed_text: "Somebody was there for you, and you did not answer.",
  missed_from: "You missed a call from {name}",
  call_back: "Call back when you like.",
  open_chat: "Open the chat",
  asks_video: "{name} asks for video calls",
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
  picture_removed: "A picture of your post was removed",
  picture_removed_text: "We took it down because {why}. Nobody else sees the post.",
  picture_again: "We look at a picture of your post again",
  picture_again_text: "It was removed, and is not for now. Others see the post again when we have passed it. You need do nothing.",
  see_profile: "See your profile",
  streak: "{days} days in a row",
  freeze: "You have earned a freeze: a missed day does not end your streak.",
  taken_back: "A check-in was taken back",
  taken_back_text: "The place says that you were not there at that time. It does not count any more.",
  see_journey: "See your journey",
  session_booked: "{name} booked a session",
  session_moved: "{name} moved your session",
  session_cancelled: "{name} cancelled your session",
  session_off: "Your session was cancelled",
  session_soon: "Your session with {name} begins soon",
  session_completed: "Your session with {name} is completed",
  see_sessions: "See your sessions",
  earned: "You have earned: {title}",
  earned_text: "You can redeem it at {place}.",
  redeemed: "Redeemed: {title}",
  redeemed_text: "At {place}, just now.",
  given_back: "You have it again: {title}",
  given_back_text: "Its redemption was taken back.",
  see_rewards: "See your rewards",
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

/** Milestones, whose words are those of the journey. */
const REACHED = {
  "First check-in": "first_check_in",
  "Ten check-ins": "check_ins_10",
  "Fifty check-ins": "check_ins_50",
  "A hundred check-ins": "check_ins_100",
  "Three days in a row": "streak_3",
  "A week in a row": "streak_7",
  "Thirty days in a row": "streak_30",
  "A hundred days in a row": "streak_100",
  "Five times at a gym": "gym_5",
  "Twenty-five times at a gym": "gym_25",
  "Five times at a café": "coffee_5",
  "Level 3": "level_3",
  "Level 5": "level_5",
};

/** A notification in the language of the page, where its words are known. */
export function toldOf({ title, body, action }) {
  return { title: own(title), body: own(body), label: own(action?.label ?? "") };
}

/** A sentence of the server in the language of the page; one that is not known stays as it is. What others wrote is never changed. */
export function own(sentence) {
  const reached = sentence.split(", ").map((title) => words.journey?.reach[REACHED[title]]);
  if (reached.every(Boolean)) return reached.join(", ");
  for (const [key, said] of Object.entries(SERVER)) {
    const [before, place, after] = said.split(/\{(\w+)\}/);
    if (!place && sentence === said) return words.news.said[key];
    if (!place || !sentence.startsWith(before) || !sentence.endsWith(after)) continue;
    const told = sentence.slice(before.length, sentence.length - after.length);
    return filled(words.news.said[key], { [place]: place === "why" ? own(told) : told });
  }
  return sentence;
}
