import type { IncomingMessage } from 'node:http'
import { decodeJson } from './decode.ts'
import { failure, type Failure } from './intake-error.ts'
import { JsonRefused } from './lossless-json.ts'
import type { Answer, Request } from './messages.ts'
import { REDUCERS } from './reducers.ts'
import { hostOf, openRequest } from './request.ts'

/** Longest answer that is kept in memory; lists are asked for in pages. */
const LARGEST = 256 * 1024 * 1024
/** How much of an answer that says no is looked at. */
const EXCERPT = 300

/** Sends one request and gives its reduced answer, or why there is none; `cancel` ends it without a word. */
export function readAnswer(request: Request, done: (result: { readonly answer: Answer } | { readonly failed: Failure }) => void): { readonly cancel: () => void } {
  const begin = performance.now()
  let isOver = false
  const settle = (result: Parameters<typeof done>[0]): void => {
    if (isOver) return
    isOver = true
    done(result)
  }
  const opened = openRequest(request, (result) => {
    if ('failed' in result) return settle(result)
    const { response } = result
    const left = request.timeout - (performance.now() - begin)
    const timer = setTimeout(() => {
      settle({ failed: failure('timeout', `${hostOf(request)} did not end its answer within ${request.timeout} ms`) })
      response.destroy()
    }, left)
    response.on('close', () => clearTimeout(timer))
    if (response.statusCode !== 200) return readStatus(response, hostOf(request), (failed) => settle({ failed }))
    collect(response, hostOf(request), (body) => settle('failed' in body ? body : answerOf(request, response, body.bytes, begin)))
  })
  return {
    cancel: () => {
      isOver = true
      opened.destroy()
    },
  }
}

/** What an answer says that is not 200: its status and the begin of its text. */
export function readStatus(response: IncomingMessage, host: string, done: (failed: Failure) => void): void {
  const status = response.statusCode ?? 0
  let text = ''
  const end = (): void => {
    const isRedirect = status >= 300 && status < 400
    const says = text.replace(/[^\x20-\x7e]+/g, ' ').trim().slice(0, EXCERPT)
    done(failure('status', `${host} answered ${status}${isRedirect ? ', a redirect, which is not followed' : says === '' ? '' : `: ${says}`}`, status, headersOf(response)))
  }
  response.setEncoding('latin1')
  response.on('data', (part: string) => {
    text += part.slice(0, EXCERPT - Math.min(text.length, EXCERPT))
  })
  response.on('close', end)
}

/** The headers with one value each. */
export function headersOf({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : String(value)]))
}

function collect(response: IncomingMessage, host: string, done: (body: { readonly bytes: Buffer } | { readonly failed: Failure }) => void): void {
  const parts: Buffer[] = []
  let length = 0
  response.on('data', (part: Buffer) => {
    length += part.length
    parts.push(part)
    if (length <= LARGEST) return
    done({ failed: failure('protocol', `${host} sent more than ${LARGEST} bytes; expected a page`) })
    response.destroy()
  })
  response.on('end', () => done({ bytes: Buffer.concat(parts, length) }))
  response.on('close', () => done({ failed: failure('refused', `${host} closed the connection within its answer`) }))
  response.on('error', () => undefined)
}

function answerOf(request: Request, response: IncomingMessage, bytes: Buffer, begin: number): { readonly answer: Answer } | { readonly failed: Failure } {
  try {
    const value = REDUCERS[request.reduce](decodeJson(bytes))
    return { answer: { status: 200, headers: headersOf(response), value, bytes: bytes.length, milliseconds: performance.now() - begin } }
  } catch (thrown) {
    if (thrown instanceof JsonRefused) return { failed: failure('parse', `${hostOf(request)} sent an answer that is refused: ${thrown.message}`, 200, headersOf(response)) }
    return { failed: failure('parse', `the answer of ${hostOf(request)} was not understood: ${thrown instanceof Error ? thrown.message : String(thrown)}`, 200) }
  }
}
