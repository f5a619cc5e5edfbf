import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { contractOf, readTable } from '../../src/sidecar/envelope/table.ts'
import { frame, unframed } from '../fault/harness/frames.ts'
import { readInbox } from '../fault/harness/inbox.ts'
import { SaltMaster, unpackedWheel } from '../fault/harness/salt-master.ts'
import { Scene } from '../fault/harness/scene.ts'
import { until } from '../fault/harness/until.ts'
import { number, text } from '../fault/harness/value.ts'
import { tablePath } from '../sidecar/rig.ts'

const scene = new Scene()
const folder = scene.place('m')
const socket = join(folder, 'bridge.sock')
const inbox = join(folder, 'inbox.db')
const IS_ALL = process.env['EOS_FAULT'] === 'all'

beforeAll(async () => {
  const master = (await SaltMaster.make(folder, await unpackedWheel(scene.folder), { engines: [{ eos_bridge: { socket, inbox, peers: ['root'] } }] })).start()
  scene.ends(() => master.kill())
  await until('the engine listens', () => existsSync(socket), 30_000)
}, 60_000)
afterAll(() => scene.end())

const EPOCH = 'fuzz-0f0f0f0f'
const hello = { kind: 'hello', protocol: 1, schema: 1, instance: 'fuzz', epoch: EPOCH, version: '0.1.0', role: 'active', contract: contractOf(readTable(tablePath())) }

function envelope(seq: number): unknown {
  const now = new Date().toISOString()
  return {
    schema: 1, id: `b:fuzz:${seq}`, seq, epoch: EPOCH, event: 'bridge', verb: 'checkpoint', tag: 'eos/bridge/checkpoint/bridge', severity: 'info', origin: 'self', replay: false,
    source: { kind: 'bridge', name: 'bridge', epoch: 'fuzz', index: 0 }, time: { occurred: now, observed: now, clock: 'sidecar' },
    subject: { source: 'bridge' }, verdict: { cause: 'time', detail: '' }, change: { from: 0, to: 1, count: 1 }, links: { ids: [] }, related: [], coalesced: 0, settled: true, evidence: [],
  }
}

/** Says bytes to the engine and gives what it answers until it or we hang up. */
function say(bytes: Buffer, isWaiting: boolean): Promise<readonly unknown[]> {
  return new Promise((resolve, reject) => {
    let rest: Buffer = Buffer.alloc(0)
    const messages: unknown[] = []
    const link = connect(socket)
    const timer = setTimeout(() => link.destroy(), 5_000)
    link.on('error', (problem) => {
      if (!('code' in problem) || (problem.code !== 'EPIPE' && problem.code !== 'ECONNRESET')) reject(problem)
    })
    link.on('close', () => {
      clearTimeout(timer)
      resolve(messages)
    })
    link.on('data', (part) => {
      const read = unframed(Buffer.concat([rest, Buffer.from(part)]))
      rest = read.rest
      messages.push(...read.messages)
      if (messages.some((message) => text(message, 'kind') === 'ack')) link.end()
    })
    link.write(bytes, () => {
      if (!isWaiting) link.end()
    })
  })
}

/** The last number that the engine has of this epoch. */
async function last(): Promise<number> {
  const said = await say(frame(hello), false)
  const welcome = said.find((message) => text(message, 'kind') === 'welcome')
  return number(welcome, 'last_seq')
}

describe('hostile bytes on the socket of the engine', () => {
  // Fails when a torn frame is believed, or the engine does not serve the next one.
  it(`commits nothing of a batch that is cut at ${IS_ALL ? 'every' : 'every 41st'} byte`, { timeout: 300_000 }, async () => {
    const seq = (await last()) + 1
    const batch = frame({ kind: 'batch', events: [envelope(seq)] })
    for (let cut = 0; cut < batch.length; cut += IS_ALL ? 1 : 41) {
      await say(Buffer.concat([frame(hello), batch.subarray(0, cut)]), false)
      if (cut % 10 === 0) expect(await last()).toBe(seq - 1)
    }
    expect(await last()).toBe(seq - 1)
    const said = await say(Buffer.concat([frame(hello), batch]), true)
    expect(said.some((message) => text(message, 'kind') === 'ack' && number(message, 'seq') === seq)).toBe(true)
    expect(readInbox(inbox).filter(({ id }) => id === `b:fuzz:${seq}`).length).toBe(1)
  })

  const length = (bytes: number): Buffer => {
    const head = Buffer.alloc(4)
    head.writeUInt32BE(bytes)
    return head
  }
  const framed = (body: Buffer | string): Buffer => Buffer.concat([length(Buffer.byteLength(body)), Buffer.from(body)])
  const hostile: readonly (readonly [string, (seq: number) => Buffer])[] = [
    ['a length of 4 GiB', () => length(0xffff_ffff)],
    ['a length of nought', () => framed('')],
    ['invalid UTF-8', () => framed(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]))],
    ['a list', () => framed('[]')],
    ['10,000-deep nesting', () => framed(`{"kind":"batch","events":${'['.repeat(10_000)}${']'.repeat(10_000)}}`)],
    ['an unknown kind', () => frame({ kind: 'reboot' })],
    ['a batch whose events are a number', () => frame({ kind: 'batch', events: 5 })],
    ['a gap in the numbers', (seq) => frame({ kind: 'batch', events: [envelope(seq + 5)] })],
    ['a number that is text', (seq) => frame({ kind: 'batch', events: [{ ...Object(envelope(seq)), seq: String(seq) }] })],
    ['NaN', (seq) => framed(JSON.stringify({ kind: 'batch', events: [envelope(seq)] }).replace(`"seq":${seq}`, '"seq":NaN'))],
    ['a digit string of a million digits', () => framed(`{"kind":"batch","events":[${'9'.repeat(1_000_000)}]}`)],
  ]
  // Fails when the engine dies, takes the message, or answers it with an acknowledgement.
  it.each(hostile)('refuses %s and serves the next sidecar', { timeout: 60_000 }, async (_, make) => {
    const seq = (await last()) + 1
    const said = await say(Buffer.concat([frame(hello), make(seq)]), true)
    expect(said.filter((message) => text(message, 'kind') === 'ack')).toEqual([])
    expect(await last()).toBe(seq - 1)
  })

  // Fails when a misfit stops those behind it, or is acknowledged without a trace.
  it('buries a misfit with its reason and takes its neighbours', { timeout: 60_000 }, async () => {
    const seq = (await last()) + 1
    const misfit = { ...Object(envelope(seq + 1)), severity: 'user: Reactor' }
    const said = await say(Buffer.concat([frame(hello), frame({ kind: 'batch', events: [envelope(seq), misfit, envelope(seq + 2)] })]), true)
    const ack = said.find((message) => text(message, 'kind') === 'ack')
    expect(number(ack, 'seq')).toBe(seq + 2)
    expect(JSON.stringify(ack)).toContain(`"seq":${seq + 1}`)
    const ids = readInbox(inbox).map(({ id }) => id)
    expect(ids).toContain(`b:fuzz:${seq}`)
    expect(ids).toContain(`b:fuzz:${seq + 2}`)
    expect(ids).not.toContain(`b:fuzz:${seq + 1}`)
  })
})
