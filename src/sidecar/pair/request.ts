import { readFileSync, statSync } from 'node:fs'
import type { Agent } from 'node:https'

/** One question to Consul's HTTP API. */
export interface Question {
  readonly method: 'GET' | 'PUT'
  readonly path: string
  readonly body?: string
  readonly token: string
  readonly timeout: number
  readonly signal: AbortSignal
}

/** What it answered; a status that is no success is an answer too. */
export interface Reply {
  readonly status: number
  readonly index: number
  readonly body: string
}

/** Largest answer that is read: a lock and a session are small. */
const LARGEST = 65_536

/** Makes the function that asks one address, its certificate held to the authority in this file, as it is at the moment of asking. */
export function asker(ca: string): (address: string, question: Question) => Promise<Reply> {
  // As in metrics/server.ts: an import would load what nobody uses, here even where there is no pair.
  const { request } = process.getBuiltinModule('node:https')
  const agent = agentOf(ca)
  return (address, { method, path, body, token, timeout, signal }) =>
    new Promise((resolve, reject) => {
      const sent = request(`${address}${path}`, { method, agent: agent(), signal, timeout, headers: { 'x-consul-token': token, 'accept-encoding': 'identity' } }, (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (part: string) => {
          text += part
          if (text.length > LARGEST) sent.destroy(new Error('the answer is too long'))
        })
        response.on('error', reject)
        response.on('end', () => resolve({ status: response.statusCode ?? 0, index: Number(response.headers['x-consul-index'] ?? 0), body: text }))
      })
      sent.on('timeout', () => sent.destroy(new Error(`no answer within ${timeout / 1000} s`)))
      sent.on('error', reject)
      sent.end(body)
    })
}

function agentOf(ca: string): () => InstanceType<typeof Agent> {
  let known: { readonly mark: string; readonly agent: InstanceType<typeof Agent> } | null = null
  return () => {
    const { ino, mtimeMs, size } = statSync(ca)
    const mark = `${ino}:${mtimeMs}:${size}`
    if (known?.mark === mark) return known.agent
    const { Agent: Made } = process.getBuiltinModule('node:https')
    const agent = new Made({ keepAlive: true, ca: readFileSync(ca), maxSockets: 4, minVersion: 'TLSv1.2', rejectUnauthorized: true })
    known = { mark, agent }
    return agent
  }
}
