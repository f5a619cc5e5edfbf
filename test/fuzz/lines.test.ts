import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { Scene } from '../fault/harness/scene.ts'
import { station, type Station } from '../fault/harness/station.ts'
import { until } from '../fault/harness/until.ts'
import { recordedTemplate, type Template } from './template.ts'

const scene = new Scene()
let template: Template
let mark = 0
let count = 0

beforeAll(async () => {
  template = await recordedTemplate(scene)
  mark = scene.mark()
}, 60_000)
afterEach(() => scene.endSince(mark))
afterAll(() => scene.end())

const IS_ALL = process.env['EOS_FAULT'] === 'all'

async function reading(): Promise<Station> {
  const { fake } = template
  const here = await station(scene, { more: { nomad: { addresses: [fake.url], token: 'e5f7c0de-0000-4000-8000-00000000f022' }, timing: { audit: '2s', reconnect_least: '10ms', reconnect_most: '100ms' } } })
  await here.sidecar.start().ready()
  await until('the stream is open', () => fake.readers > 0)
  return here
}

/** Registers a job that nothing is wrong with, and waits until it has come through. */
async function passes(here: Station): Promise<void> {
  count += 1
  template.register(`plain-${count}`)
  await here.fact('nomad/job', 'registered', { job: `plain-${count}` }, 30_000)
  expect(here.sidecar.isRunning).toBe(true)
}

const DEEP = 10_000
const BIG = 20 * 1024 * 1024

/** Hostile lines; each takes the place of a frame, whose object is in no list. */
const LINES: readonly { readonly name: string; readonly make: (frame: string) => Buffer }[] = [
  { name: 'a lone continuation byte', make: (frame) => broken(frame, [0x80]) },
  { name: 'an overlong slash', make: (frame) => broken(frame, [0xc0, 0xaf]) },
  { name: 'a surrogate in UTF-8', make: (frame) => broken(frame, [0xed, 0xa0, 0x80]) },
  { name: 'a torn character at the end of a string', make: (frame) => broken(frame, [0xe2, 0x82]) },
  { name: 'bytes that no UTF-8 has', make: (frame) => broken(frame, [0xff, 0xfe]) },
  { name: 'a key that comes twice', make: (frame) => Buffer.from(frame.replace('"Topic":"Job"', '"Topic":"Node","Topic":"Job"')) },
  { name: 'an index that comes twice', make: (frame) => Buffer.from(frame.replace(/^\{/, '{"Index":1,')) },
  { name: `nesting ${DEEP} deep`, make: (frame) => Buffer.from(frame.replace('"Meta":null', `"Meta":${'['.repeat(DEEP)}${']'.repeat(DEEP)}`)) },
  { name: 'a raw line feed in a string', make: (frame) => Buffer.from(frame.replace('"hostile', '"hos\ntile')) },
  { name: 'NUL bytes', make: (frame) => Buffer.from(frame.replace('"hostile', '"hos\u0000tile')) },
  { name: 'a list instead of a frame', make: (frame) => Buffer.from(`[${frame}]`) },
  { name: 'events that are no list', make: () => Buffer.from('{"Index":7,"Events":{"a":1}}') },
  { name: 'an index that is text', make: (frame) => Buffer.from(frame.replace(/"Index":(\d+)/, '"Index":"$1"')) },
  { name: 'an event that is null', make: () => Buffer.from(`{"Index":${String(Number.MAX_SAFE_INTEGER)}0,"Events":[null]}`) },
  { name: 'a payload that is a number', make: (frame) => Buffer.from(frame.replace(/"Payload":\{.*\}\}/, '"Payload":5}')) },
  { name: '__proto__ as a key', make: (frame) => Buffer.from(frame.replace('"Topic"', '"__proto__":{"polluted":true},"Topic"')) },
]

function broken(frame: string, bytes: readonly number[]): Buffer {
  const cut = frame.indexOf('hostile') + 3
  return Buffer.concat([Buffer.from(frame.slice(0, cut)), Buffer.from(bytes), Buffer.from(frame.slice(cut))])
}

describe('hostile lines of a stream', () => {
  // Fails when such a line ends the process, is half believed, or passes without a word while its object is lost.
  it.each(LINES)('survives $name, and what comes after it comes through', { timeout: 60_000 }, async ({ make }) => {
    const here = await reading()
    await passes(here)
    const since = here.receiver.kept.length
    const opened = template.fake.asked.get('/v1/event/stream')
    const line = make(template.frame('hostile-job', template.fake.index + 1))
    template.fake.utter(Buffer.concat([line, Buffer.from('\n')]))
    await passes(here)
    const after = here.receiver.kept.slice(since)
    const said = after.some(({ event, verb }) => event === 'bridge' && ['gap', 'reread', 'gap_unrecoverable', 'dead_letter', 'degraded', 'alarm'].includes(verb))
    const told = after.some(({ subject }) => String(subject['job']).includes('hos'))
    // Asked again from its cursor, a server says the frame again: nothing is lost either.
    const isReread = template.fake.asked.get('/v1/event/stream') !== opened
    expect(said || told || isReread, 'the line left no trace: it was lost in silence').toBe(true)
    expect(here.receiver.violations).toEqual([])
  })

  // Fails when one object that is refused fails every reading of the lists: the job of one user would stop the region for all.
  it(`says of a job ${DEEP} deep that it cannot be read, and goes on with all others`, { timeout: 60_000 }, async () => {
    const here = await reading()
    const line = template.deep('too-deep', DEEP)
    template.fake.utter(`${line}\n`)
    const dead = await until('the job is told as unreadable', () => here.facts('bridge', 'dead_letter').find(({ verdict }) => String(verdict['detail']).includes('job default/too-deep')))
    expect(dead.verdict['cause']).toBe('unreadable')
    await passes(here)
    expect(here.facts('nomad/job', undefined, { job: 'too-deep' })).toEqual([])
    // Another reading of all lists meets it again.
    template.fake.hangUp()
    template.fake.forget()
    await passes(here)
    expect(here.facts('bridge', 'dead_letter').filter(({ verdict }) => String(verdict['detail']).includes('job default/too-deep')).length).toBe(1)
    expect(here.receiver.violations).toEqual([])
  })

  // Oracle: Nomad 1.11.3 itself takes 1,000 levels in a task's `config`; at 1,020 its server ends. Fails when less is read than it takes.
  it('reads a job as deep as Nomad takes it, from the stream and from the list', { timeout: 60_000 }, async () => {
    const here = await reading()
    const line = template.deep('deep', 1_020)
    template.fake.say({ index: template.fake.index, bytes: line })
    await here.fact('nomad/job', 'registered', { job: 'deep' })
    template.deep('deep-in-list', 1_020)
    template.fake.hangUp()
    template.fake.forget()
    await here.fact('nomad/job', 'registered', { job: 'deep-in-list' })
    expect(here.facts('bridge', 'dead_letter').filter(({ verdict }) => String(verdict['detail']).includes('job default/deep'))).toEqual([])
  })

  // Fails when the line's length is capped or the event loop is held.
  it('reads a line of 20 MB', { timeout: 60_000 }, async () => {
    const here = await reading()
    const index = template.fake.index + 1
    template.fake.say({ index, bytes: template.frame('big', index).replace('"Meta":null', () => `"Meta":{"x":"${'y'.repeat(BIG)}"}`) })
    await here.fact('nomad/job', 'registered', { job: 'big' }, 30_000)
    await passes(here)
  })

  // Fails when a number goes through a double: two indexes beyond 2^53 would become one, and the first would swallow the second.
  it('tells apart numbers beyond 2^53', { timeout: 60_000 }, async () => {
    const here = await reading()
    const index = template.fake.index + 1
    for (const [name, digits] of [['exact-a', '1767000160000000001'], ['exact-b', '1767000160000000002']] as const) {
      template.fake.say({ index, bytes: template.frame(name, index).replace(/"SubmitTime":\d+/, `"SubmitTime":${digits}`) })
      const fact = await here.fact('nomad/job', 'registered', { job: name })
      const occurred = String(fact.time['occurred'])
      if (occurred !== 'null') expect(occurred).toContain(digits.slice(-9))
    }
  })

  // Fails when an unterminated tail is parsed or the cursor passes over it: the frame is sent whole only to a reader that comes again.
  it(`comes through when a frame is cut at ${IS_ALL ? 'every' : 'every 97th'} byte`, { timeout: 900_000 }, async () => {
    const here = await reading()
    const length = Buffer.byteLength(template.frame('cut-000000', 1_000_000))
    for (let at = 0; at <= length; at += IS_ALL ? 1 : 97) {
      const name = `cut-${String(at).padStart(6, '0')}`
      const index = template.fake.index + 1
      const whole = Buffer.from(template.frame(name, index))
      await until('the stream is open', () => template.fake.readers > 0, 40_000, 5)
      template.fake.utter(whole.subarray(0, at))
      template.fake.hangUp()
      template.register(name)
      await here.fact('nomad/job', 'registered', { job: name }, 40_000)
    }
    expect(here.facts('nomad/job', 'registered').filter(({ subject }) => String(subject['job']).startsWith('cut-')).length).toBe(Math.floor(length / (IS_ALL ? 1 : 97)) + 1)
  })
})
