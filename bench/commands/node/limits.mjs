// Messages or joins of an account, counted for all nodes in shares: nobody waits for the count, which says how it was so far.
import { Refusal } from "./rules.mjs";

const SHARE = 10; // may pass here before all nodes know of them
const MOST = 50_000;

export class Limit {
  constructor(redis, name, { perS, burst }) {
    Object.assign(this, { redis, name, perS, burst, shares: new Map() });
  }

  count(user, now) {
    const share = this.shares.get(user) ?? { used: 0, telling: false, closedUntil: 0 };
    this.shares.delete(user);
    this.shares.set(user, share); // the latest last
    if (this.shares.size > MOST) this.shares.delete(this.shares.keys().next().value);
    if (now < share.closedUntil) throw new Refusal("rate_limited", "Too many.", { retry_after_ms: share.closedUntil - now });
    share.used += 1;
    if (share.used >= Math.min(SHARE, this.burst) && !share.telling) this.tell(user, share, now);
  }

  // While Redis does not answer, what it would count passes.
  async tell(user, share, now) {
    const used = Math.min(share.used, this.burst);
    share.telling = true;
    const wait = await this.redis.take(`limit:${this.name}:${user}`, this.perS, this.burst, used, now).catch(() => 0);
    share.telling = false;
    if (wait) share.closedUntil = now + wait;
    else share.used -= used;
  }
}
