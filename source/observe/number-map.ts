import { hash } from 'node:crypto';

const highBits = 0x1f_ff_ff;

/** A text as one of 2^53 numbers, never 0. Of a million texts two have the same one in one case of 18,000. */
export const numberOf = (text: string): number => {
  const digest = hash('sha256', text, 'buffer');
  return (digest.readUInt32BE(0) & highBits) * 2 ** 32 + digest.readUInt32BE(4) || 1;
};

const leastSlots = 16;

/**
 * Numbers by numbers that are spread evenly and not 0, like those of `numberOf`: some 30 bytes for each and no objects, where a `Map` by text
 * takes 120 and more. Open addressing with linear probing; what is deleted closes its gap (Knuth, TAOCP 3, 6.4, algorithm R).
 */
export class NumberMap {
  /** Key and value of a slot side by side; a key of 0 is none. */
  #slots = new Float64Array(2 * leastSlots);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(key: number): number | undefined {
    const slot = this.#slotOf(key);
    return this.#slots[2 * slot] === key ? this.#slots[2 * slot + 1] : undefined;
  }

  set(key: number, value: number): void {
    const slot = this.#slotOf(key);
    if (this.#slots[2 * slot] === key) {
      this.#slots[2 * slot + 1] = value;
    } else if (4 * (this.#size + 1) > 3 * this.#count) {
      this.#grow();
      this.set(key, value);
    } else {
      this.#slots.set([key, value], 2 * slot);
      this.#size += 1;
    }
  }

  delete(key: number): void {
    let gap = this.#slotOf(key);
    if (this.#slots[2 * gap] !== key) return;
    this.#size -= 1;
    for (let slot = this.#after(gap); this.#slots[2 * slot] !== 0; slot = this.#after(slot)) {
      // What was looked for from the gap on, or from before it, is found there.
      if (this.#distance(this.#home(this.#slots[2 * slot] ?? 0), slot) < this.#distance(gap, slot)) continue;
      this.#slots.copyWithin(2 * gap, 2 * slot, 2 * slot + 2);
      gap = slot;
    }
    this.#slots.fill(0, 2 * gap, 2 * gap + 2);
  }

  get #count(): number {
    return this.#slots.length / 2;
  }

  #home(key: number): number {
    return key % this.#count;
  }

  #after(slot: number): number {
    return (slot + 1) % this.#count;
  }

  #distance(from: number, to: number): number {
    return (to - from + this.#count) % this.#count;
  }

  /** Where the key is, or would come. */
  #slotOf(key: number): number {
    let slot = this.#home(key);
    while (this.#slots[2 * slot] !== 0 && this.#slots[2 * slot] !== key) slot = this.#after(slot);
    return slot;
  }

  #grow(): void {
    const before = this.#slots;
    this.#slots = new Float64Array(2 * before.length);
    this.#size = 0;
    for (let place = 0; place < before.length; place += 2)
      if (before[place] !== 0) this.set(before[place] ?? 0, before[place + 1] ?? 0);
  }
}
