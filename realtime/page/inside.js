/** What only who is signed in needs: loaded when somebody is, so that a first visit is small. */

import { Calling } from "./calling.js";
import { Chat } from "./chat.js";
import { Contacts } from "./contacts.js";
import { veiled } from "./encounter-state.js";
import { Floating } from "./floating.js";
import { Friends } from "./friends.js";
import { Gauge } from "./gauge.js";
import { Groups } from "./groups.js";
import { Journey } from "./journey.js";
import { Locations } from "./locations.js";
import { Mentors } from "./mentors.js";
import { News } from "./news.js";
import { OwnData } from "./own-data.js";
import { Own } from "./own.js";
import { Photos } from "./photos.js";
import { Pictures } from "./pictures.js";
import { Posts } from "./posts.js";
import { Pushes } from "./pushes.js";
import { Rewards } from "./rewards.js";
import { speak } from "./texts.js";
import { callingView } from "./views/calling.js";
import { byId, translate } from "./views/dom.js";
import { chatsView } from "./views/chats.js";
import { checkInView } from "./views/check-in.js";
import { codesView } from "./views/codes.js";
import { connectionView } from "./views/connection.js";
import { consentsView } from "./views/consents.js";
import { contactsView } from "./views/contacts.js";
import { counterView } from "./views/counter.js";
import { devicesView } from "./views/devices.js";
import { echoView } from "./views/echo.js";
import { feedView } from "./views/feed.js";
import { findingView } from "./views/finding.js";
import { friendsView } from "./views/friends.js";
import { groupView } from "./views/group.js";
import { joinView, newGroupView } from "./views/grouping.js";
import { journeyView } from "./views/journey.js";
import { locationView } from "./views/location.js";
import { locationsView } from "./views/locations.js";
import { loginsView } from "./views/logins.js";
import { mentorView } from "./views/mentor.js";
import { mentorSessionsView } from "./views/mentor-sessions.js";
import { mentorsView } from "./views/mentors.js";
import { newsView } from "./views/news.js";
import { ownDataView } from "./views/own-data.js";
import { ownEmailView } from "./views/own-email.js";
import { ownPasswordView } from "./views/own-password.js";
import { ownView } from "./views/own.js";
import { personView } from "./views/person.js";
import { photosView } from "./views/photos.js";
import { placeCodeView } from "./views/place-code.js";
import { postView } from "./views/post.js";
import { privacyView } from "./views/privacy.js";
import { profileView } from "./views/profile.js";
import { rewardsView } from "./views/rewards.js";
import { roomView } from "./views/room.js";
import { safetyView } from "./views/safety.js";
import { sessionsView } from "./views/sessions.js";
import { settingsView } from "./views/settings.js";
import { pushesView } from "./views/pushes.js";
import { tellingView } from "./views/telling.js";
import { whyView } from "./views/why.js";
import { Why } from "./why.js";
import english from "./words/en-inside.js";

/** It says what stands in the page itself: the version before did not. */
export const says = "all";

/** Its views, the parts that they use, and which of those get the server's events. `parts.words`: its texts too, where they are not English. */
export function inside(parts) {
  speak(english, parts.words);
  translate();
  const own = new Own(parts);
  const [friends, photos] = [new Friends(parts), new Photos({ ...parts, own })];
  const [contacts, groups] = [new Contacts({ ...parts, friends }), new Groups(parts)];
  const [news, posts] = [new News(parts), new Posts(parts)];
  const [locations, trip, rewards, mentors] = [new Locations(parts), new Journey(parts), new Rewards(parts), new Mentors(parts)];
  const ownData = new OwnData(parts);
  const pushes = new Pushes({ ...parts, key: parts.ways.push_key });
  new Pictures(parts).watch();
  new Gauge(parts).watch();
  const [calling, chat] = [new Calling(parts), new Chat(parts)];
  const floating = new Floating({ ...parts, video: byId("remote"), hidden: veiled });
  const connection = connectionView({ ...parts, calling, floating });
  const views = [
    profileView,
    photosView,
    friendsView,
    findingView,
    feedView,
    postView,
    contactsView,
    newsView,
    locationsView,
    locationView,
    journeyView,
    checkInView,
    mentorsView,
    mentorSessionsView,
    mentorView,
    rewardsView,
    counterView,
    placeCodeView,
    settingsView,
    tellingView,
    pushesView,
    privacyView,
    safetyView,
    ownView,
    ownEmailView,
    ownPasswordView,
    loginsView,
    sessionsView,
    ownDataView,
    consentsView,
    codesView,
    chatsView,
    roomView,
    groupView,
    newGroupView,
    joinView,
    personView,
    callingView,
    echoView,
    devicesView,
    whyView,
  ];
  const all = { ...parts, chat, own, ownData, pushes, friends, contacts, groups, photos, posts, news, locations, trip, rewards, mentors, calling, connection };
  return { views, parts: all, hearing: [chat, friends, groups, posts, news, trip, rewards, mentors, calling, new Why(parts)] };
}
