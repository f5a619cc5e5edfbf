import { request } from 'node:https'

/** One HTTPS request to the edge. */
export interface Ask {
  readonly address: string
  readonly host: string
  readonly path: string
  /** The only CA that is trusted, PEM. */
  readonly ca: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export interface Answer {
  readonly status: number
  readonly body: string
}

/** Asks the edge for a host name, as a browser would that knows the site's CA and nothing else. */
export function ask(what: Ask): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = {
      host: what.address,
      servername: what.host,
      path: what.path,
      ca: what.ca,
      method: what.method ?? 'GET',
      headers: { host: what.host, ...what.headers },
      agent: false,
    }
    const sent = request(options, (answer) => {
      let body = ''
      answer.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }))
    })
    sent.on('error', reject)
    sent.end(what.body)
  })
}
