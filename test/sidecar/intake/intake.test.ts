import { createServer, type RequestListener } from 'node:http'
import { createServer as createSocketServer, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readFrame } from '../../../src/sidecar/intake/frames.ts'
import { Intake } from '../../../src/sidecar/intake/intake.ts'
import { IntakeError } from '../../../src/sidecar/intake/intake-error.ts'
import type { Request } from '../../../src/sidecar/intake/messages.ts'

let intake: Intake
let endings: (() => void)[]
beforeEach(() => {
  intake = new Intake()
  endings = []
})
afterEach(async () => {
  await intake.close()
  for (const end of endings) end()
})

/** An HTTP server on the loopback; gives its address. */
async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer)
  endings.push(() => server.closeAllConnections(), () => server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
}

/** A server that answers every connection with these bytes. */
async function serveBytes(answer: (socket: Socket) => void): Promise<string> {
  const server = createSocketServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => answer(socket))
    endings.push(() => socket.destroy())
  })
  endings.push(() => server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
}

function request(url: string, more: Partial<Request> = {}): Request {
  return { url, token: 'secret-token', header: 'X-Nomad-Token', ca: '/nowhere/ca.pem', timeout: 5000, reduce: 'whole', ...more }
}

/** Microseconds of this thread's processor time since then. */
function spent(since: NodeJS.CpuUsage): number {
  const { user, system } = process.threadCpuUsage(since)
  return user + system
}

async function failureOf(promise: Promise<unknown>): Promise<IntakeError> {
  const thrown = await promise.then(
    () => null,
    (error: unknown) => error,
  )
  if (thrown instanceof IntakeError) return thrown
  throw new Error(`expected an IntakeError; found ${String(thrown)}`)
}

describe('a read', () => {
  it('gives the answer without loss, with its headers', async () => {
    let asked: Record<string, unknown> = {}
    const url = await serve((incoming, response) => {
      asked = incoming.headers
      response.setHeader('X-Nomad-Index', '820')
      response.end('{"Time":1767000160000000002}')
    })
    const { value, headers, bytes } = await intake.read(request(url))
    expect(value).toEqual({ Time: '1767000160000000002' })
    expect(headers['x-nomad-index']).toBe('820')
    expect(bytes).toBe(28)
    expect(asked['x-nomad-token']).toBe('secret-token')
    expect(asked['accept-encoding']).toBe('identity')
  })

  it.each([
    { name: 'a refusal', code: 'status', status: 403, says: 'answered 403: Permission denied', answer: (socket: Socket) => socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 17\r\n\r\nPermission denied') },
    { name: 'a redirect, which it does not follow', code: 'status', status: 301, says: 'a redirect', answer: (socket: Socket) => socket.end('HTTP/1.1 301 Moved\r\nLocation: https://other/\r\nContent-Length: 0\r\n\r\n') },
    { name: 'a status line of Nomad 1.11.2', code: 'protocol', status: 0, says: 'Nomad 1.11.2', answer: (socket: Socket) => socket.end('HTTP/0.0 200 OK\r\nConnection: close\r\n\r\n{}\n') },
    { name: 'no HTTP', code: 'protocol', status: 0, says: 'does not speak HTTP', answer: (socket: Socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n') },
    { name: 'a connection that closes', code: 'refused', status: 0, says: 'cannot be reached', answer: (socket: Socket) => socket.destroy() },
    { name: 'an answer that is cut', code: 'refused', status: 0, says: 'closed the connection within its answer', answer: (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"a"') },
    { name: 'an answer that never ends', code: 'timeout', status: 0, says: 'did not end its answer within 300 ms', answer: (socket: Socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"a"') },
    { name: 'silence', code: 'timeout', status: 0, says: 'did not answer within 300 ms', answer: () => undefined },
    { name: 'a key that comes twice', code: 'parse', status: 200, says: 'key "a" comes twice', answer: (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{"a":1,"a":2}') },
    { name: 'torn UTF-8', code: 'parse', status: 200, says: 'wrong UTF-8', answer: (socket: Socket) => socket.end(Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"'), Buffer.from([0xc3, 0x28]), Buffer.from('"')])) },
  ])('names $name', async ({ code, status, says, answer }) => {
    const url = await serveBytes(answer)
    const error = await failureOf(intake.read(request(url, { timeout: 300 })))
    expect(error).toMatchObject({ code, status })
    expect(error.message).toContain(says)
    expect(error.message).not.toContain('secret-token')
  })

  it('sends nothing without a token, in clear to another host, or with a foreign authority', async () => {
    expect(await failureOf(intake.read(request('http://127.0.0.1:9', { token: '' })))).toMatchObject({ code: 'refused', message: expect.stringContaining('without a token') })
    expect((await failureOf(intake.read(request('http://192.0.2.1:4646/')))).message).toContain('in clear')
    expect(await failureOf(intake.read(request('https://127.0.0.1:9/')))).toMatchObject({ code: 'tls' })
  })

  it('is given up when the caller says so', async () => {
    const url = await serveBytes(() => undefined)
    const controller = new AbortController()
    const reading = failureOf(intake.read(request(url, { timeout: 60_000 }), { signal: controller.signal }))
    controller.abort()
    expect(await reading).toMatchObject({ code: 'closed' })
  })

  it('asks once more when an idle connection was closed', async () => {
    let count = 0
    const url = await serve((_, response) => {
      count += 1
      response.end('1')
      response.socket?.setTimeout(1)
    })
    for (let run = 0; run < 5; run += 1) expect((await intake.read(request(url))).value).toBe(1)
    expect(count).toBe(5)
  })
})

describe('a stream', () => {
  const head = 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n'

  it('gives frames and heartbeats in order, whatever the cuts, and drops an unfinished line', async () => {
    const text = Buffer.from('{}\n{"Index":7,"Events":[{"Key":"é"}]}\n{"Index":8,"Events":null}\nsubscription closed by server\n{"Index":9,"Ev')
    const url = await serveBytes((socket) => {
      socket.setNoDelay(true)
      socket.write(head)
      let at = 0
      const step = (): void => {
        if (at >= text.length) return void socket.end()
        socket.write(text.subarray(at, at + 1), () => setImmediate(step))
        at += 1
      }
      step()
    })
    const stream = intake.stream(request(url))
    await stream.opened()
    const seen = []
    for (;;) {
      const part = await stream.next(5000)
      seen.push(part)
      if (part === null || part.kind === 'end') break
    }
    expect(seen).toEqual([
      { kind: 'heartbeat' },
      { kind: 'frame', index: 7, events: [{ Key: 'é' }], bytes: 35 },
      { kind: 'frame', index: 8, events: [], bytes: 25 },
      { kind: 'unreadable', reason: 'subscription closed by server', isText: true, bytes: 29 },
      { kind: 'end', torn: 14 },
    ])
  })

  it.each([
    { line: '{"Index":1,"Index":2,"Events":[]}', says: 'key "Index" comes twice' },
    { line: `{"Index":1,"Events":${'['.repeat(10_000)}${']'.repeat(10_000)}}`, says: 'nesting deeper than 2000' },
    { line: '{"Index":"1","Events":[]}', says: 'a frame without `Index` and `Events`' },
  ])('says of a line that it is refused: $says', async ({ line, says }) => {
    const url = await serveBytes((socket) => socket.end(`${head}${line}\n{}\n`))
    const stream = intake.stream(request(url))
    expect(await stream.next(5000)).toMatchObject({ kind: 'unreadable', isText: false, reason: expect.stringContaining(says) })
    expect(await stream.next(5000)).toEqual({ kind: 'heartbeat' })
  })

  // Fails when only the headers are waited for: a proxy that answers 502 and stalls within its page would hold the source for ever.
  it('names a refusal whose text never ends', async () => {
    const url = await serveBytes((socket) => socket.write('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 100\r\n\r\nno server'))
    const error = await failureOf(intake.stream(request(url, { timeout: 300 })).opened())
    expect(error).toMatchObject({ code: 'status', status: 502, message: expect.stringContaining('no server') })
  })

  it('names a refusal, and a status line of Nomad 1.11.2', async () => {
    const refused = intake.stream(request(await serveBytes((socket) => socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno'))))
    expect(await failureOf(refused.opened())).toMatchObject({ code: 'status', status: 403 })
    const zero = intake.stream(request(await serveBytes((socket) => socket.end('HTTP/0.0 200 OK\r\n\r\n{}\n'))))
    expect(await failureOf(zero.next(5000))).toMatchObject({ code: 'protocol', message: expect.stringContaining('1.11.2') })
  })

  it('says null when nothing comes in time', async () => {
    const stream = intake.stream(request(await serveBytes((socket) => socket.write(head))))
    await stream.opened()
    expect(await stream.next(50)).toBeNull()
  })

  // Counted in the thread's own processor time, which nobody else on the machine adds to. Fails when what was parsed comes over to the main thread, or is parsed there.
  it('costs the main thread next to nothing while a line of 20 MB comes', async () => {
    const event = JSON.stringify({ Topic: 'Allocation', Payload: { text: 'x'.repeat(10_000), numbers: Array.from({ length: 30 }, (_, at) => at) } })
    const line = Buffer.from(`{"Index":5,"Events":[${Array.from({ length: 2000 }, () => event).join(',')}]}\n`)
    const url = await serveBytes((socket) => {
      socket.write(head)
      socket.write(line)
    })
    const stream = intake.stream(request(url, { reduce: 'nothing' }))
    await stream.opened()
    const begun = process.threadCpuUsage()
    const part = await stream.next(30_000)
    const taken = spent(begun)
    expect(part).toMatchObject({ kind: 'frame', index: 5, bytes: line.length - 1 })
    const control = process.threadCpuUsage()
    readFrame(line.subarray(0, -1), () => null)
    expect(taken).toBeLessThan(spent(control) / 6)
  }, 60_000)
})
