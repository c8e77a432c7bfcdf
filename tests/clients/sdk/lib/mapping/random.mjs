// Chance that repeats: the same seed gives the same choices.

export class Random {
  #state;

  constructor(...seeds) {
    this.#state = 0;
    // Each seed changes all of the state, so that seeds beside one another begin far from one another.
    for (const seed of seeds) this.#state = (this.next() * 2 ** 32) ^ seed;
  }

  /** A number from 0, below 1; the generator is known as mulberry32. */
  next() {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  below(limit) {
    return Math.floor(this.next() * limit);
  }

  chance(probability) {
    return this.next() < probability;
  }

  pick(choices) {
    return choices[this.below(choices.length)];
  }

  /** One of `[weight, choice]`, as often as it weighs. */
  weighted(choices) {
    let rest = this.next() * choices.reduce((sum, [weight]) => sum + weight, 0);
    return choices.find(([weight]) => (rest -= weight) < 0)?.[1] ?? choices[0][1];
  }

  /** As many results of `make` as chance says, from `least` up to `most`. */
  several(least, most, make) {
    return Array.from({ length: least + this.below(most - least + 1) }, (_, index) => make(index));
  }
}
