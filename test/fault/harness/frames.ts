/** One frame of wire protocol 1: four bytes of length, big endian, and a JSON object. */
export function frame(message: unknown): Buffer {
  const body = Buffer.from(JSON.stringify(message))
  const head = Buffer.alloc(4)
  head.writeUInt32BE(body.length)
  return Buffer.concat([head, body])
}

/** Takes whole frames out of what has arrived; gives their objects and what is left. */
export function unframed(arrived: Buffer): { readonly messages: readonly unknown[]; readonly rest: Buffer } {
  const messages: unknown[] = []
  let rest = arrived
  while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE(0)) {
    const end = 4 + rest.readUInt32BE(0)
    messages.push(JSON.parse(rest.subarray(4, end).toString()))
    rest = rest.subarray(end)
  }
  return { messages, rest }
}
