/** Largest frame of wire protocol 1. */
export const LARGEST_FRAME = 4 * 1024 * 1024

/** A frame: four bytes of length, then one JSON object. */
export function encodeFrame(message: object): Buffer {
  const text = JSON.stringify(message)
  const frame = Buffer.allocUnsafe(4 + Buffer.byteLength(text))
  frame.writeUInt32BE(frame.length - 4)
  frame.write(text, 4)
  return frame
}

/** Cuts a stream of bytes into frames; a frame that is too long is an error before it is read. */
export class FrameReader {
  #bytes: Buffer = Buffer.alloc(0)

  /** The whole frames that these bytes complete, as text. */
  push(bytes: Buffer): string[] {
    this.#bytes = this.#bytes.length === 0 ? bytes : Buffer.concat([this.#bytes, bytes])
    const frames: string[] = []
    while (this.#bytes.length >= 4) {
      const length = this.#bytes.readUInt32BE()
      if (length > LARGEST_FRAME) throw new RangeError(`a frame of ${length} bytes; expected at most ${LARGEST_FRAME}`)
      if (this.#bytes.length < 4 + length) break
      frames.push(this.#bytes.toString('utf8', 4, 4 + length))
      this.#bytes = this.#bytes.subarray(4 + length)
    }
    return frames
  }
}
