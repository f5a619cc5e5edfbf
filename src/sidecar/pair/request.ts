
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

/** Makes the function that asks one address, its certificate held to the given authority. */
export function asker(ca: Buffer): (address: string, question: Question) => Promise<Reply> {
  // As in metrics/server.ts: an import would load what nobody uses, here even where there is no pair.
  const { Agent, request } = process.getBuiltinModule('node:https')
  const agent = new Agent({ keepAlive: true, ca, maxSockets: 4 })
  return (address, { method, path, body, token, timeout, signal }) =>
    new Promise((resolve, reject) => {
      const sent = request(`${address}${path}`, { method, agent, signal, timeout, headers: { 'x-consul-token': token, 'accept-encoding': 'identity' } }, (response) => {
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
