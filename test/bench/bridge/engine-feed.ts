import { connect } from 'node:net'
import { contractOf, readTable } from '../../../src/sidecar/envelope/table.ts'
import { frame, unframed } from '../../fault/harness/frames.ts'
import { at, number, text } from '../../fault/harness/value.ts'
import { tablePath } from '../../sidecar/rig.ts'
import { round } from './statistics.ts'

const BATCH = 500
const WINDOW = 4

/** Envelopes per second that the engine alone commits, fed over its socket as fast as it acknowledges. */
export async function feedEngine(socket: string, envelopes: readonly string[]): Promise<{ readonly sent: number; readonly perSecond: number }> {
  const epoch = `feed-${process.pid.toString(16).padStart(8, '0')}`
  const batches: Buffer[] = []
  for (let start = 0; start < envelopes.length; start += BATCH) {
    const events = envelopes.slice(start, start + BATCH).map((body, offset): unknown => {
      const parsed: unknown = JSON.parse(body)
      return typeof parsed === 'object' && parsed !== null ? { ...parsed, epoch, seq: start + offset + 1, id: `${text(parsed, 'id')}:fed:${start + offset}` } : parsed
    })
    batches.push(frame({ kind: 'batch', events }))
  }
  const link = connect(socket)
  let next = 0
  let began = 0
  let rest: Buffer = Buffer.alloc(0)
  const milliseconds = await new Promise<number>((resolve, reject) => {
    const push = (): void => {
      const batch = batches[next]
      if (batch === undefined) return
      next += 1
      link.write(batch)
    }
    link.on('error', reject)
    link.on('connect', () => link.write(frame({ kind: 'hello', protocol: 1, schema: 1, instance: 'feed', epoch, version: '0.1.0', role: 'active', contract: contractOf(readTable(tablePath())) })))
    link.on('data', (part) => {
      const read = unframed(Buffer.concat([rest, Buffer.from(part)]))
      rest = read.rest
      for (const message of read.messages) {
        if (text(message, 'kind') === 'welcome') {
          began = performance.now()
          for (let window = 0; window < WINDOW; window += 1) push()
        } else if (text(message, 'kind') === 'ack') {
          const refused = at(message, 'refused')
          if (Array.isArray(refused) && refused.length > 0) reject(new Error(`refused: ${JSON.stringify(refused[0])}`))
          push()
          if (number(message, 'seq') >= envelopes.length) resolve(performance.now() - began)
        } else if (text(message, 'kind') === 'error') reject(new Error(JSON.stringify(message)))
      }
    })
  })
  link.destroy()
  return { sent: envelopes.length, perSecond: round(envelopes.length / (milliseconds / 1_000)) }
}
