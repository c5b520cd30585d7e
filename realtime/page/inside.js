/** What only who is signed in needs: loaded when somebody is, so that a first visit is small. */

import { Contacts } from "./contacts.js";
import { Friends } from "./friends.js";
import { News } from "./news.js";
import { OwnData } from "./own-data.js";
import { Own } from "./own.js";
import { Photos } from "./photos.js";
import { Pictures } from "./pictures.js";
import { speak } from "./texts.js";
import { translate } from "./views/dom.js";
import { chatsView } from "./views/chats.js";
import { codesView } from "./views/codes.js";
import { consentsView } from "./views/consents.js";
import { contactsView } from "./views/contacts.js";
import { findingView } from "./views/finding.js";
import { friendsView } from "./views/friends.js";
import { loginsView } from "./views/logins.js";
import { newsView } from "./views/news.js";
import { ownDataView } from "./views/own-data.js";
import { ownEmailView } from "./views/own-email.js";
import { ownPasswordView } from "./views/own-password.js";
import { ownView } from "./views/own.js";
import { personView } from "./views/person.js";
import { photosView } from "./views/photos.js";
import { privacyView } from "./views/privacy.js";
import { profileView } from "./views/profile.js";
import { roomView } from "./views/room.js";
import { safetyView } from "./views/safety.js";
import { sessionsView } from "./views/sessions.js";
import { settingsView } from "./views/settings.js";
import { tellingView } from "./views/telling.js";
import english from "./words/en-inside.js";

/** It says what stands in the page itself: the version before did not. */
export const says = "all";

/** Its views, the parts that they use, and which of those get the server's events. `parts.words`: its texts too, where they are not English. */
export function inside(parts) {
  speak(english, parts.words);
  translate();
  const own = new Own(parts);
  const [friends, photos] = [new Friends(parts), new Photos({ ...parts, own })];
  const contacts = new Contacts({ ...parts, friends });
  const news = new News(parts);
  const ownData = new OwnData(parts);
  new Pictures(parts).watch();
  const views = [
    profileView,
    photosView,
    friendsView,
    findingView,
    contactsView,
    newsView,
    settingsView,
    tellingView,
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
    personView,
  ];
  return { views, parts: { ...parts, own, ownData, friends, contacts, photos, news }, hearing: [friends, news] };
}
