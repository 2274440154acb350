/** A Map that keeps the newest `sizeMax` entries: whoever sets one more learns which value had to go. */
export class BoundedMap<Key, Value> {
  readonly #map = new Map<Key, Value>()
  readonly #sizeMax: number

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax
  }

  get size(): number {
    return this.#map.size
  }

  get(key: Key): Value | undefined {
    return this.#map.get(key)
  }

  has(key: Key): boolean {
    return this.#map.has(key)
  }

  delete(key: Key): boolean {
    return this.#map.delete(key)
  }

  values(): MapIterator<Value> {
    return this.#map.values()
  }

  /** Answers with the value that was dropped for it, if one was. A key that is known keeps its age. */
  set(key: Key, value: Value): Value | undefined {
    this.#map.set(key, value)
    if (this.#map.size <= this.#sizeMax) return undefined
    // A Map is in the order of insertion, so the first is the oldest.
    for (const [oldest, dropped] of this.#map) {
      this.#map.delete(oldest)
      return dropped
    }
    return undefined
  }
}
