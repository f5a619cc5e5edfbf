import { readFileSync, statSync } from 'node:fs'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { failure, type Failure } from './intake-error.ts'
import type { Request } from './messages.ts'

// An import of these reads all their exports, WebSocket among them, and so loads 11 MB that nobody uses here.
const { get: getPlain } = process.getBuiltinModule('node:http')
const { Agent, get } = process.getBuiltinModule('node:https')

/** A request on its way. */
export interface Opened {
  readonly destroy: () => void
}

type Result = { readonly response: IncomingMessage } | { readonly failed: Failure }

/** Opens one GET request; the answer, or why there is none, comes through `done` at most once, and never after `destroy`. */
export function openRequest(request: Request, done: (result: Result) => void): Opened {
  let isDone = false
  let client: ClientRequest | null = null
  const settle = (result: Result): void => {
    if (isDone) return
    isDone = true
    clearTimeout(timer)
    done(result)
  }
  const timer = setTimeout(() => {
    settle({ failed: failure('timeout', `${hostOf(request)} did not answer within ${request.timeout} ms`) })
    client?.destroy()
  }, request.timeout)
  const open = (isAgain: boolean): void => {
    try {
      const sent = send(request, (response) => settle({ response }))
      client = sent
      sent.on('error', (error) => {
        // An idle connection that the server closed at this moment: nothing was answered, so it is asked on another one.
        if (sent.reusedSocket && !isAgain && !isDone) open(true)
        else settle({ failed: failureOf(error, request) })
      })
    } catch (thrown) {
      settle({ failed: failureOf(thrown, request) })
    }
  }
  // Not before the caller has what it destroys.
  setImmediate(() => {
    if (!isDone) open(false)
  })
  return {
    destroy: () => {
      isDone = true
      clearTimeout(timer)
      client?.destroy()
    },
  }
}

/** The server of a request, for messages. */
export function hostOf({ url }: Request): string {
  return URL.canParse(url) ? new URL(url).host : 'the server'
}

function send(request: Request, answer: (response: IncomingMessage) => void): ClientRequest {
  const url = new URL(request.url)
  if (request.token === '') throw new TypeError('a request without a token was asked for; none is sent')
  // `identity`: a compressed stream would hold back frames until its window is full.
  const headers = { [request.header]: request.token, 'Accept-Encoding': 'identity', Accept: 'application/json' }
  if (url.protocol === 'https:') return get(url, { agent: agentFor(request.ca), headers }, answer)
  if (url.protocol === 'http:' && /^(127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname)) return getPlain(url, { headers }, answer)
  throw new TypeError(`${url.protocol}//${url.host} would carry a token in clear`)
}

let agents = new Map<string, { readonly mark: string; readonly agent: InstanceType<typeof Agent> }>()

/** Connections that trust one authority only; another file in its place takes effect with the next request. */
function agentFor(ca: string): InstanceType<typeof Agent> {
  const { ino, mtimeMs, size } = statSync(ca)
  const mark = `${ino}:${mtimeMs}:${size}`
  const known = agents.get(ca)
  if (known?.mark === mark) return known.agent
  const agent = new Agent({ keepAlive: true, keepAliveMsecs: 15_000, ca: readFileSync(ca), minVersion: 'TLSv1.2', rejectUnauthorized: true })
  agents = new Map([...agents, [ca, { mark, agent }]])
  return agent
}

const TLS = /^(ERR_TLS|ERR_SSL|EPROTO$|CERT_|DEPTH_|SELF_SIGNED|UNABLE_TO|ERR_OSSL|HOSTNAME_)/

function failureOf(thrown: unknown, request: Request): Failure {
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
  const host = hostOf(request)
  if (code.startsWith('HPE_')) {
    // Nomad 1.11.2 answers its stream with the status line `HTTP/0.0 200 OK`.
    const isZero = code === 'HPE_INVALID_VERSION'
    return failure('protocol', isZero ? `${host} answered with a status line of no HTTP version, as Nomad 1.11.2 does; its lists are polled instead; upgrade it to 1.11.3` : `${host} does not speak HTTP (${code})`)
  }
  if (TLS.test(code)) return failure('tls', `${host} is not trusted: ${message}; expected a certificate of the configured authority`)
  if (code === 'ENOENT' || code === 'EACCES') return failure('tls', `the authority's certificate ${request.ca} cannot be read: ${message}`)
  return failure('refused', `${host} cannot be reached: ${message}`)
}
