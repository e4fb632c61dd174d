import { grown } from '../build/grown.ts';

/** One field of a FlatBuffers table; `offset` fields are filled in later by {@link FlatbufferWriter.pointTo}. */
export type Slot =
  | { readonly type: 'u8' | 'i16' | 'i32' | 'i64'; readonly value: number }
  | { readonly type: 'offset' }
  | undefined;

const SLOT_BYTES = { u8: 1, i16: 2, i32: 4, i64: 8, offset: 4 } as const;

/**
 * Writes FlatBuffers front to back: a table first, then what it points to. Enough for Arrow's message headers, where the usual library
 * would have to be loaded in every worker.
 */
export class FlatbufferWriter {
  #bytes: Uint8Array = new Uint8Array(4096);
  #view: DataView = new DataView(this.#bytes.buffer);
  #length = 0;

  /** Bytes written so far, padded to a multiple of 8. */
  finish(): Uint8Array {
    this.#align(8);
    return this.#bytes.slice(0, this.#length);
  }

  /** Leaves room for an offset and returns its position. */
  reference(): number {
    this.#align(4);
    return this.#take(4);
  }

  /** Makes the offset at `position` point to what is written next. */
  pointTo(position: number, target: number): void {
    this.#view.setUint32(position, target - position, true);
  }

  /** Writes a table and returns its position and those of its fields (-1 for one that is left out). */
  table(slots: readonly Slot[]): { readonly position: number; readonly fields: readonly number[] } {
    const vtableBytes = 4 + 2 * slots.length;
    // Every field is aligned to its size when the table begins at a multiple of 8 and the widest fields come last, after padding.
    const fieldOffsets = slots.map(() => 0);
    let tableBytes = 4;
    for (const bytes of [4, 2, 1, 8]) {
      for (const [i, slot] of slots.entries()) {
        if (slot === undefined || SLOT_BYTES[slot.type] !== bytes) continue;
        tableBytes = Math.ceil(tableBytes / bytes) * bytes;
        fieldOffsets[i] = tableBytes;
        tableBytes += bytes;
      }
    }
    this.#align(2);
    const vtable = this.#take(vtableBytes);
    this.#align(8);
    const position = this.#take(tableBytes);
    this.#view.setUint16(vtable, vtableBytes, true);
    this.#view.setUint16(vtable + 2, tableBytes, true);
    this.#view.setInt32(position, position - vtable, true);
    for (const [i, slot] of slots.entries()) {
      const fieldOffset = fieldOffsets[i] ?? 0;
      this.#view.setUint16(vtable + 4 + 2 * i, fieldOffset, true);
      if (slot !== undefined) this.#setSlot(position + fieldOffset, slot);
    }
    return { position, fields: fieldOffsets.map((offset) => (offset === 0 ? -1 : position + offset)) };
  }

  /** Writes a vector with room for `count` offsets; returns its position and those of the offsets. */
  offsets(count: number): { readonly position: number; readonly items: readonly number[] } {
    this.#align(4);
    const position = this.#take(4 + 4 * count);
    this.#view.setUint32(position, count, true);
    return { position, items: Array.from({ length: count }, (_, i) => position + 4 + 4 * i) };
  }

  /** Writes a vector of structs of `width` 64-bit integers each. A 32-bit field with padding behind it is such an integer, too. */
  structs(values: readonly number[], width: number): number {
    // The items, not the count before them, are aligned to 8.
    this.#align(8);
    this.#take(4);
    const position = this.#take(4 + 8 * values.length);
    this.#view.setUint32(position, values.length / width, true);
    for (const [i, value] of values.entries()) this.#setInt64(position + 4 + 8 * i, value);
    return position;
  }

  string(text: string): number {
    const encoded = Buffer.from(text);
    this.#align(4);
    const position = this.#take(4 + encoded.length + 1);
    this.#view.setUint32(position, encoded.length, true);
    this.#bytes.set(encoded, position + 4);
    return position;
  }

  #setSlot(position: number, slot: Exclude<Slot, undefined>): void {
    switch (slot.type) {
      case 'u8':
        this.#view.setUint8(position, slot.value);
        return;
      case 'i16':
        this.#view.setInt16(position, slot.value, true);
        return;
      case 'i32':
        this.#view.setInt32(position, slot.value, true);
        return;
      case 'i64':
        this.#setInt64(position, slot.value);
        return;
      case 'offset':
    }
  }

  /** Non-negative whole numbers only. */
  #setInt64(position: number, value: number): void {
    this.#view.setUint32(position, value % 2 ** 32, true);
    this.#view.setUint32(position + 4, Math.floor(value / 2 ** 32), true);
  }

  #align(bytes: number): void {
    this.#take((bytes - (this.#length % bytes)) % bytes);
  }

  #take(bytes: number): number {
    const position = this.#length;
    this.#length += bytes;
    if (this.#length > this.#bytes.length) {
      this.#bytes = grown(this.#bytes, this.#length);
      this.#view = new DataView(this.#bytes.buffer);
    }
    return position;
  }
}
