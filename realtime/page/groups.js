/**
 * Groups: making them, coming in by a link, leading them and leaving. What a group has beside its messages is read while somebody looks at
 * it; who is in it also where its room is open, as messages name nobody.
 */

import { randomId } from "./device.js";
import { failure } from "./state.js";

export class Groups {
  #api;
  #store;
  #asked = new Set(); // of whom a card was asked for
  #looking = null;
  /** The group that is looked at: `{id, group, members, invitations}`; parts of it are null until they are known. */
  open = null;

  constructor({ api, store }) {
    this.#api = api;
    this.#store = store;
  }

  /** An event of the server, after the state was changed by it. */
  heard(name, data) {
    const { place } = this.#store.state;
    if (name === "room:changed" && place.id === data.room.id) this.who(data.room.id);
    if (name === "room:changed" && place.name === "group" && place.id === data.room.group_id) this.look(place.id);
    if (name === "session:ready" && place.name === "group") this.look(place.id);
    if (name === "session:ready") this.#asked.clear();
  }

  /** A group is on the screen. Of two looks at once the later one counts. */
  look(id) {
    const turn = (this.#looking = {});
    if (this.open?.id !== id) this.open = { id, group: null, members: null, invitations: null };
    return this.#attempt(async () => {
      const path = `/v1/groups/${id}`;
      const [group, members] = await Promise.all([this.#api.request("GET", path), this.#api.all(`${path}/members`)]);
      const invitations = group.role === "member" ? [] : await this.#api.all(`${path}/invitations`);
      if (turn !== this.#looking) return;
      this.open = { id, group, members, invitations };
      this.#know(group.room_id, members);
    });
  }

  /** Who is in the group of a room. */
  async who(roomId) {
    const { kind, group_id, active } = this.#store.state.rooms[roomId] ?? {};
    if (kind !== "group" || !active) return;
    this.#know(roomId, await this.#api.all(`/v1/groups/${group_id}/members`).catch(() => [])); // the next look asks again
  }

  /** Cards of these who are members no more. Of whom nothing is to be seen, that is known then. */
  async know(roomId, ids) {
    const fresh = ids.filter((id) => !this.#asked.has(id));
    for (const id of fresh) this.#asked.add(id);
    const found = await Promise.all(fresh.map((id) => this.#api.request("GET", `/v1/profiles/${id}`).then((card) => [id, card], (error) => [id, error.code === "not_found" ? null : undefined])));
    const people = Object.fromEntries(found.filter(([, card]) => card !== undefined));
    if (fresh.length) this.#store.dispatch("page:people", { room_id: roomId, people });
  }

  // Each of these throws what the server says.

  /** Gives the group. */
  async create({ picture, ...fields }) {
    const photo = await this.#uploaded(picture);
    const made = await this.#api.request("POST", "/v1/groups", { ...fields, ...(photo && { photo }) }, { "Idempotency-Key": randomId() });
    await this.#listed(made.room_id);
    return made;
  }

  async change(id, { picture, ...fields }) {
    const photo = await this.#uploaded(picture);
    await this.#api.request("PATCH", `/v1/groups/${id}`, { ...fields, ...(photo && { photo }) });
    await this.look(id);
  }

  /** What a link is to. */
  preview(code) {
    return this.#api.request("POST", "/v1/groups/preview", { code });
  }

  /** Gives the group. */
  async join(code) {
    const group = await this.#api.request("POST", "/v1/groups/join", { code });
    await this.#listed(group.room_id);
    return group;
  }

  async put(id, userId, role) {
    await this.#api.request("PUT", `/v1/groups/${id}/members/${userId}`, { role });
    await this.look(id);
  }

  async remove(id, userId) {
    await this.#api.request("DELETE", `/v1/groups/${id}/members/${userId}`);
    if (userId === this.#store.state.me.id) this.#left(id);
    else await this.look(id);
  }

  async end(id) {
    await this.#api.request("DELETE", `/v1/groups/${id}`);
  }

  async invite(id, { max_uses, expires_in_s }) {
    const body = { expires_in_s, ...(max_uses && { max_uses }) };
    await this.#api.request("POST", `/v1/groups/${id}/invitations`, body, { "Idempotency-Key": randomId() });
    await this.look(id);
  }

  async revoke(id, invitationId) {
    await this.#api.request("DELETE", `/v1/groups/${id}/invitations/${invitationId}`);
    await this.look(id);
  }

  // --- How it is done ---

  #left(id) {
    const room = Object.values(this.#store.state.rooms).find(({ group_id }) => group_id === id);
    if (room) this.#store.dispatch("room:changed", { room: { ...room, active: false, left_at: new Date().toISOString() } });
  }

  async #uploaded(picture) {
    return picture ? (await this.#api.upload(picture, { purpose: "photo", key: randomId() })).id : null;
  }

  async #listed(roomId) {
    this.#store.dispatch("page:room", { item: await this.#api.request("GET", `/v1/rooms/${roomId}`) });
  }

  #know(room_id, members) {
    const before = Object.entries(this.#store.state.rooms[room_id]?.people ?? {}).map(([id, card]) => [id, card && { ...card, member: false }]);
    const now = members.map(({ user }) => [user.user_id, { ...user, member: true }]);
    this.#store.dispatch("page:people", { room_id, people: Object.fromEntries([...before, ...now]) });
  }

  async #attempt(action) {
    try {
      await action();
    } catch (error) {
      if (error.code !== "offline") this.#store.dispatch("page:notice", failure(error)); // the banner says so
    }
  }
}
