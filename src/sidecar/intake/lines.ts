/** Longest line that is kept: what is beyond cannot be an answer of these servers. */
const LONGEST = 512 * 1024 * 1024

/** Cuts bytes into lines of any length, in time proportional to the bytes; what no newline ended is never given out. */
export class Lines {
  #pieces: Buffer[] = []
  #length = 0

  /** Bytes of the line that is not ended yet. */
  get pending(): number {
    return this.#length
  }

  /** The lines that these bytes complete. */
  *take(bytes: Buffer): Generator<Buffer> {
    let from = 0
    for (;;) {
      const end = bytes.indexOf(10, from)
      if (end < 0) break
      yield this.#whole(bytes.subarray(from, end))
      from = end + 1
    }
    this.#keep(bytes.subarray(from))
  }

  #whole(last: Buffer): Buffer {
    if (this.#length === 0) return last
    const line = Buffer.concat([...this.#pieces, last], this.#length + last.length)
    this.#pieces = []
    this.#length = 0
    return line
  }

  #keep(rest: Buffer): void {
    if (rest.length === 0) return
    this.#length += rest.length
    if (this.#length > LONGEST) throw new RangeError(`a line is longer than ${LONGEST} bytes`)
    this.#pieces.push(rest)
  }
}
