import { beforeAll, describe, expect, test } from 'vitest'
import { onNode } from '../../kitchen/node/container.ts'
import { ask, type Answer } from './https.ts'
import { orchestrate, withPillar } from './salt.ts'
import { edge, labStatus } from './stack.ts'

const MINIFLUX = 'miniflux.eos.test'
const WHOAMI = 'whoami.eos.test'

let at: Awaited<ReturnType<typeof edge>>
beforeAll(async () => {
  at = await edge()
})

const get = (host: string, path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> => ask({ ...at, host, path, headers })

describe('the first application, through the edge', () => {
  test('answers over HTTPS with a certificate of the site and no other trust', async () => {
    expect(await get(MINIFLUX, '/healthcheck')).toEqual({ status: 200, body: 'OK' })
  })

  test('is refused by a client that does not know the site', async () => {
    await expect(ask({ ...at, ca: '', host: MINIFLUX, path: '/healthcheck' })).rejects.toThrow(/certificate|issuer/)
  })

  test('writes to its database and reads back what it wrote', async () => {
    const password = await adminPassword()
    const authorization = `Basic ${Buffer.from(`admin:${password}`).toString('base64')}`
    const title = `written by a test at ${Date.now()}`
    const body = JSON.stringify({ title })
    const headers = { authorization, 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }
    const made = await ask({ ...at, host: MINIFLUX, path: '/v1/categories', method: 'POST', headers, body })
    expect(made.status).toBe(201)
    const listed = await get(MINIFLUX, '/v1/categories', { authorization })
    expect(listed.status).toBe(200)
    expect(titles(listed.body)).toContain(title)
  })

  test('refuses a wrong password, so that the test above proves something', async () => {
    const authorization = `Basic ${Buffer.from('admin:wrong').toString('base64')}`
    expect((await get(MINIFLUX, '/v1/categories', { authorization })).status).toBe(401)
  })
})

describe('a second application, made by pillar alone', () => {
  test('is named by no declaration', async () => {
    const found = await onNode('n1', ['sh', '-c', 'grep -rl whoami /opt/salt/lib/python3*/site-packages/saltext/eos || true'])
    expect(found).toBe('')
  })

  test('counts in its own database', async () => {
    const before = visits(await get(WHOAMI, '/visits'))
    const after = visits(await get(WHOAMI, '/visits'))
    expect(before).toBeGreaterThan(0)
    expect(after).toBe(before + 1)
  })

  test('never sees an identity that a client made up', async () => {
    const forged = { 'x-forwarded-user': 'root', 'remote-user': 'root', 'x-authentik-username': 'root', 'x-auth-request-user': 'root', 'x-webauth-user': 'root' }
    const answer = await get(WHOAMI, '/', { ...forged, 'x-harmless': 'kept' })
    expect(answer.status).toBe(200)
    expect(answer.body).toContain('kept')
    expect(answer.body).not.toContain('root')
  })
})

describe('the edge', () => {
  test('does not serve a host that no application has', async () => {
    expect((await get('nobody.eos.test', '/')).status).toBe(404)
  })

  test('answers 503 for an application without instances and goes on serving the other', async () => {
    const outcome = await withPillar((pillar) => pillar.setIn(['eos', 'apps', 'whoami', 'count'], 0), async () => {
      const applied = await orchestrate('eos.apply')
      expect((await get(WHOAMI, '/')).status).toBe(503)
      expect((await get(MINIFLUX, '/healthcheck')).status).toBe(200)
      return applied
    })
    expect(outcome.code, outcome.text).toBe(0)
    expect((await orchestrate('eos.apply')).code).toBe(0)
    expect((await get(WHOAMI, '/')).status).toBe(200)
  }, 10 * 60_000)

  test('has both applications healthy again, as status says', async () => {
    const status = await labStatus()
    expect(status.apps.map((app) => [app.name, app.gate])).toEqual([['miniflux', 'passed'], ['whoami', 'passed']])
  })
})

/** The password as the running instance has it: a file only root of the node can read. */
async function adminPassword(): Promise<string> {
  const found = await onNode('n1', ['sh', '-c', 'cat "$(ls -t /var/lib/nomad/alloc/*/miniflux/secrets/ADMIN_PASSWORD | head -n 1)"'])
  expect(found.trim().length).toBeGreaterThanOrEqual(16)
  return found.trim()
}

function titles(body: string): readonly string[] {
  const parsed: readonly { readonly title: string }[] = JSON.parse(body)
  return parsed.map((one) => one.title)
}

/** The number in the answer of `/visits`. */
function visits(answer: Answer): number {
  expect(answer.status).toBe(200)
  return Number(/\d+/.exec(answer.body)?.[0])
}
