import { open, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

/** How much one read takes from the file. */
const READ_BYTES = 1 << 20;

/**
 * First-in first-out queue of messages on disk, in append-only segment files. A segment is removed when it has been read, so the space
 * taken is what is waiting plus at most one segment.
 *
 * One append and one read may be under way at a time. Layout: per message a u32 frame count, per frame a u32 length and the bytes (little endian).
 */
export class SpoolFile {
  readonly #directory: string;
  readonly #name: string;
  readonly #segmentBytes: number;
  readonly #segments: Segment[] = [];
  #createdCount = 0;

  /** `name` must be unique within the directory. A new segment begins when the last one has `segmentBytes`. */
  constructor(directory: string, name: string, segmentBytes: number) {
    this.#directory = directory;
    this.#name = name;
    this.#segmentBytes = segmentBytes;
  }

  async append(messages: readonly (readonly Uint8Array[])[]): Promise<void> {
    let segment = this.#segments.at(-1);
    if (segment === undefined || segment.writtenBytes >= this.#segmentBytes) {
      segment = await this.#createSegment();
      this.#segments.push(segment);
    }
    const block = encodeMessages(messages);
    let offset = 0;
    while (offset < block.byteLength) {
      const { bytesWritten } = await segment.file.write(
        block,
        offset,
        block.byteLength - offset,
        segment.writtenBytes + offset,
      );
      offset += bytesWritten;
    }
    // Only now may a read see the block.
    segment.writtenBytes += block.byteLength;
  }

  /** The oldest messages, about a MiB of them; empty when there is nothing to read. */
  async read(): Promise<Uint8Array[][]> {
    for (;;) {
      const segment = this.#segments[0];
      if (segment === undefined) return [];
      if (segment.readBytes < segment.writtenBytes) return await readSome(segment);
      // The last segment is kept while it may still grow.
      if (this.#segments.length === 1) return [];
      this.#segments.shift();
      await removeSegment(segment);
    }
  }

  /** Removes everything that is left. */
  async remove(): Promise<void> {
    for (const segment of this.#segments.splice(0)) await removeSegment(segment);
  }

  async #createSegment(): Promise<Segment> {
    const path = join(this.#directory, `${this.#name}-${this.#createdCount}.spool`);
    this.#createdCount += 1;
    return { path, file: await open(path, 'wx+', 0o600), writtenBytes: 0, readBytes: 0 };
  }
}

interface Segment {
  readonly path: string;
  readonly file: FileHandle;
  writtenBytes: number;
  readBytes: number;
}

async function removeSegment(segment: Segment): Promise<void> {
  await segment.file.close();
  await rm(segment.path, { force: true });
}

async function readSome(segment: Segment): Promise<Uint8Array[][]> {
  let wantedBytes = READ_BYTES;
  for (;;) {
    const block = await readBlock(segment, Math.min(wantedBytes, segment.writtenBytes - segment.readBytes));
    const { messages, usedBytes } = decodeMessages(block);
    if (messages.length > 0) {
      segment.readBytes += usedBytes;
      return messages;
    }
    // One message is longer than the block.
    wantedBytes *= 4;
  }
}

async function readBlock(segment: Segment, lengthBytes: number): Promise<Buffer> {
  const block = Buffer.allocUnsafe(lengthBytes);
  let offset = 0;
  while (offset < lengthBytes) {
    const { bytesRead } = await segment.file.read(block, offset, lengthBytes - offset, segment.readBytes + offset);
    if (bytesRead === 0)
      throw new Error(`${segment.path} ends at ${segment.readBytes + offset} bytes, expected ${segment.writtenBytes}`);
    offset += bytesRead;
  }
  return block;
}

function encodeMessages(messages: readonly (readonly Uint8Array[])[]): Buffer {
  const parts: Uint8Array[] = [];
  for (const frames of messages) {
    parts.push(u32(frames.length));
    for (const frame of frames) parts.push(u32(frame.byteLength), frame);
  }
  return Buffer.concat(parts);
}

function u32(value: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** The whole messages at the start of a block, as views of it. */
function decodeMessages(block: Buffer): { readonly messages: Uint8Array[][]; readonly usedBytes: number } {
  const messages: Uint8Array[][] = [];
  let usedBytes = 0;
  for (;;) {
    const message = decodeMessageAt(block, usedBytes);
    if (message === undefined) return { messages, usedBytes };
    messages.push(message.frames);
    usedBytes = message.end;
  }
}

function decodeMessageAt(
  block: Buffer,
  start: number,
): { readonly frames: Uint8Array[]; readonly end: number } | undefined {
  if (start + 4 > block.byteLength) return undefined;
  const frameCount = block.readUInt32LE(start);
  const frames: Uint8Array[] = [];
  let end = start + 4;
  for (let index = 0; index < frameCount; index += 1) {
    if (end + 4 > block.byteLength) return undefined;
    const frameStart = end + 4;
    end = frameStart + block.readUInt32LE(end);
    if (end > block.byteLength) return undefined;
    frames.push(block.subarray(frameStart, end));
  }
  return { frames, end };
}
