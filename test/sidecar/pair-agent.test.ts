import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { readConfig } from '../../src/sidecar/config/config.ts'
import { startPair } from '../../src/sidecar/pair/start.ts'
import type { Pair } from '../../src/sidecar/pair/pair.ts'
import { makeAuthority, type Authority } from '../fault/harness/authority.ts'
import { ownFolder, until, writeConfig } from './rig.ts'

// Doubles of a Consul agent: they answer what Consul answers about sessions and one key, and nothing else.

let folder: ReturnType<typeof ownFolder>
let servers: Server[] = []
let pair: Pair | null = null
let troubles: string[]
let active: boolean[]

vi.setConfig({ testTimeout: 60_000 })

beforeEach(() => {
  folder = ownFolder()
  servers = []
  troubles = []
  active = []
})

afterEach(async () => {
  await pair?.stop()
  for (const server of servers) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  folder.remove()
})

function authority(name: string): Authority {
  const place = join(folder.path, name)
  mkdirSync(place)
  return makeAuthority(place)
}

async function agent({ certificate, key }: Authority, refusal: number | null): Promise<{ readonly address: string; readonly asked: string[] }> {
  const asked: string[] = []
  let holder = ''
  const server = createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, (request, response) => {
    const url = request.url ?? ''
    asked.push(`${request.method} ${url}`)
    if (refusal !== null) return void response.writeHead(refusal).end('not now')
    response.setHeader('x-consul-index', '5')
    if (url.includes('acquire=')) holder = url.split('acquire=')[1] ?? ''
    if (url === '/v1/session/create') return void response.end('{"ID":"session-1"}')
    if (request.method === 'PUT') return void response.end('true')
    if (holder === '') return void response.writeHead(404).end()
    const answer = (): void => void response.end(JSON.stringify([{ Session: holder }]))
    // What is the same as before is answered late, as by a question that waits.
    if (url.includes('index=')) setTimeout(answer, 2000).unref()
    else answer()
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const at = server.address()
  return { address: `https://127.0.0.1:${typeof at === 'object' ? at?.port : ''}`, asked }
}

function joinPair(addresses: readonly string[], ca: string): void {
  const token = join(folder.path, 'token')
  writeFileSync(token, 'e5f7c0de-0000-4000-8000-00000000be7c', { mode: 0o400 })
  const config = readConfig(writeConfig(folder.path, { consul: [{ datacenter: 'dc1', addresses, ca, token_file: token }], pair: { consul: 'dc1' } }))
  pair = startPair(config, { changed: (isActive) => void active.push(isActive), trouble: (problem) => void (problem !== null && troubles.push(problem)) })
}

it.each([
  ['has no leader', 500],
  ['has too much to do', 429],
])('leaves an agent that %s for the next one', async (_, status) => {
  const site = authority('site')
  const [cutOff, healthy] = [await agent(site, status), await agent(site, null)]
  joinPair([cutOff.address, healthy.address], site.ca)
  await until('this half is active', () => active.at(-1) === true)
  expect(cutOff.asked).toEqual(['PUT /v1/session/create'])
})

it('trusts the authority that is in the file now, without a restart', async () => {
  const [old, next] = [authority('old'), authority('next')]
  const { address, asked } = await agent(next, null)
  const ca = join(folder.path, 'ca.pem')
  copyFileSync(old.ca, ca)
  joinPair([address], ca)
  await until('the certificate is refused', () => troubles.some((problem) => /certificate|signature/.test(problem)))
  expect(asked).toEqual([])
  copyFileSync(next.ca, ca)
  await until('this half is active', () => active.at(-1) === true)
})

it('says that the file of the authority is missing, and goes on when it is there', async () => {
  const site = authority('site')
  const { address } = await agent(site, null)
  const ca = join(folder.path, 'later.pem')
  joinPair([address], ca)
  await until('it says so', () => troubles.some((problem) => problem.includes('later.pem')))
  copyFileSync(site.ca, ca)
  await until('this half is active', () => active.at(-1) === true)
})
