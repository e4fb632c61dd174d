const FIRST_CAPACITY_BYTES = 4096;

/** Bytes that are appended to and read out once; grows by doubling. */
export class GrowingBuffer {
  #bytes = Buffer.alloc(FIRST_CAPACITY_BYTES);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Room for `byteCount` more bytes, counted as written: the caller fills them before the next append. */
  append(byteCount: number): Buffer {
    const end = this.#length + byteCount;
    if (end > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(end, this.#bytes.length * 2));
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    const room = this.#bytes.subarray(this.#length, end);
    this.#length = end;
    return room;
  }

  written(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }
}
