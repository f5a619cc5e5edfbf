/** One row of the outbox, as it is sent. */
export interface Sendable {
  readonly seq: number
  readonly body: string
}

/** The batch frame of wire protocol 1: its length in four bytes, then JSON; number and epoch are put in front of each body. */
export function batchFrame(epoch: string, rows: readonly Sendable[]): ArrayBuffer {
  const head = `{"schema":1,"epoch":${JSON.stringify(epoch)},"seq":`
  const text = `{"kind":"batch","events":[${rows.map(({ seq, body }) => `${head}${seq},${body.slice(1)}`).join(',')}]}`
  const length = Buffer.byteLength(text)
  // Not from the shared pool: the memory is handed to the main thread whole.
  const bytes = new ArrayBuffer(length + 4)
  const frame = Buffer.from(bytes)
  frame.writeUInt32BE(length)
  frame.write(text, 4)
  return bytes
}
