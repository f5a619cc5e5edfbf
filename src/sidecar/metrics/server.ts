import type { Server } from 'node:http'
import { messageOf, Refusal } from '../refusal.ts'

// An import of `node:http` reads all its exports, WebSocket among them, and so loads 11 MB that nobody uses here.
const { createServer } = process.getBuiltinModule('node:http')

/** What the three pages say. */
export interface Pages {
  readonly metrics: () => Promise<string>
  /** Why the process must be restarted; null when it is alive. */
  readonly healthz: () => string | null
  /** What keeps it from being ready, one line each. */
  readonly readyz: () => readonly string[]
}

/** Serves `/metrics`, `/healthz` and `/readyz` on loopback; the only port that the sidecar opens. */
export async function serveMetrics(port: number, pages: Pages): Promise<{ readonly port: number; readonly close: () => Promise<void> }> {
  const server = createServer((request, response) => {
    void answer(request.method ?? '', (request.url ?? '').split('?')[0] ?? '', pages).then(({ status, body }) => {
      response.writeHead(status, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
      response.end(request.method === 'HEAD' ? '' : body)
    })
  })
  await listen(server, port)
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function answer(method: string, path: string, pages: Pages): Promise<{ readonly status: number; readonly body: string }> {
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, body: 'only GET\n' }
  switch (path) {
    case '/metrics':
      return pages.metrics().then(
        (body) => ({ status: 200, body }),
        (thrown: unknown) => ({ status: 500, body: `${messageOf(thrown)}\n` }),
      )
    case '/healthz':
      return judged(200, 500, [pages.healthz()].filter((reason) => reason !== null))
    case '/readyz':
      return judged(200, 503, pages.readyz())
    default:
      return { status: 404, body: '/metrics, /healthz, /readyz\n' }
  }
}

function judged(good: number, bad: number, reasons: readonly string[]): { readonly status: number; readonly body: string } {
  return reasons.length === 0 ? { status: good, body: 'ok\n' } : { status: bad, body: `${reasons.join('\n')}\n` }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(new Refusal('EOS660', `port ${port} of the metrics cannot be used: ${messageOf(error)}`, 'a free port on 127.0.0.1', 'set metrics.port')))
    server.listen({ host: '127.0.0.1', port }, () => resolve())
  })
}
