/**
 * The other's picture in a small window over other programs, and the buttons of the system for a call (Media Session). What is blurred is
 * not shown there: the window draws it as it comes.
 */

export class Floating {
  #video;
  #store;
  #hidden;

  /** `hidden(encounter)`: whether the picture may not be seen. */
  constructor({ video, store, meeting, hidden }) {
    this.#video = video;
    this.#store = store;
    this.#hidden = hidden;
    const act = (name, does) => {
      try {
        navigator.mediaSession?.setActionHandler(name, () => store.state.encounter.phase === "call" && does());
      } catch {
        // this browser has no such button
      }
    };
    act("hangup", () => meeting.hangUp());
    act("togglemicrophone", () => meeting.toggle("audio"));
    act("togglecamera", () => meeting.toggle("video"));
    act("enterpictureinpicture", () => this.possible && this.#enter());
    store.listen((state) => this.#follow(state));
  }

  /** Whether there is a picture for it. */
  get possible() {
    const { encounter } = this.#store.state;
    const seen = encounter.phase === "call" && encounter.mode === "video" && !this.#hidden(encounter);
    return seen && document.pictureInPictureEnabled === true && this.#video.videoWidth > 0;
  }

  get is() {
    return document.pictureInPictureElement === this.#video;
  }

  toggle() {
    return this.is ? document.exitPictureInPicture() : this.#enter();
  }

  #enter() {
    return this.#video.requestPictureInPicture().catch(() => {}); // the browser says no: it stays in the page
  }

  #follow({ encounter, media }) {
    if (this.is && (encounter.phase !== "call" || this.#hidden(encounter))) document.exitPictureInPicture();
    this.#video.disablePictureInPicture = encounter.phase === "call" && this.#hidden(encounter);
    navigator.mediaSession?.setMicrophoneActive?.(media.audio);
    navigator.mediaSession?.setCameraActive?.(media.video);
  }
}
