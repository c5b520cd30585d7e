// What is asked in one turn, or while the statements before are under way, is one statement; and so is what is asked in less
// than `everyMs` after one began.
const AT_ONCE = 2;

export const EVERY_MS = 10; // what people wait for: as in the product

export class Batch {
  constructor(perform, most, everyMs = 0) {
    Object.assign(this, { perform, most, everyMs, waiting: [], underWay: 0, nextAt: 0, timer: null });
  }

  ask(item) {
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, resolve, reject });
      if (this.waiting.length === 1) setImmediate(() => this.run());
    });
  }

  async run() {
    if (this.underWay >= AT_ONCE || !this.waiting.length || this.timer) return;
    const now = performance.now();
    if (now < this.nextAt) {
      this.timer = setTimeout(() => ((this.timer = null), this.run()), this.nextAt - now);
      return;
    }
    this.nextAt = now + this.everyMs;
    const some = this.waiting.splice(0, this.most);
    this.underWay += 1;
    try {
      const answers = await this.perform(some.map(({ item }) => item));
      some.forEach(({ resolve }, i) => resolve(answers[i]));
    } catch (error) {
      // One fails all: each by itself then.
      if (some.length === 1) some[0].reject(error);
      else await Promise.all(some.map((one) => this.perform([one.item]).then(([answer]) => one.resolve(answer), one.reject)));
    }
    this.underWay -= 1;
    this.run();
  }
}

export const columns = (rows) => rows[0].map((_, i) => rows.map((row) => row[i]));
