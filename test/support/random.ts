/**
 * A seeded random generator (sfc32) for tests: the same seed gives the same cases on every machine. Never use
 * Math.random in a test.
 */

/** A reproducible stream of random choices. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** Different labels with the same seed give independent streams. */
  constructor(label: string, seed: number) {
    let hash = 0x811c9dc5;
    for (const unit of `${label}:${seed}`) hash = Math.imul(hash ^ (unit.codePointAt(0) ?? 0), 0x01000193);
    this.#a = hash;
    this.#b = seed | 0;
    this.#c = Math.imul(hash, 0x9e3779b1) ^ (seed >>> 3);
    for (let round = 0; round < 15; round++) this.next();
  }

  /** A uniform unsigned 32-bit number. */
  next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return sum >>> 0;
  }

  /** A whole number in [low, high], both included. */
  between(low: number, high: number): number {
    return low + Math.floor((this.next() / 2 ** 32) * (high - low + 1));
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.next() < probability * 2 ** 32;
  }

  /** One of the items; throws for an empty list. */
  pick<T>(items: readonly T[]): T {
    const item = items[this.between(0, items.length - 1)];
    if (items.length === 0) throw new Error("pick from an empty list");
    return item as T;
  }

  /** One of the items by weight. */
  weighted<T>(choices: readonly (readonly [weight: number, item: T])[]): T {
    let rest = (this.next() / 2 ** 32) * choices.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, item] of choices) {
      rest -= weight;
      if (rest < 0) return item;
    }
    return this.pick(choices)[1];
  }

  /** Up to `count` different items in random order. */
  sample<T>(items: readonly T[], count: number): T[] {
    const rest = [...items];
    const chosen: T[] = [];
    while (chosen.length < count && rest.length > 0) {
      chosen.push(...rest.splice(this.between(0, rest.length - 1), 1));
    }
    return chosen;
  }

  /** Random bytes. */
  bytes(count: number): Buffer {
    const buffer = Buffer.alloc(count);
    for (let index = 0; index < count; index++) buffer[index] = this.next() & 255;
    return buffer;
  }
}
