import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { decodeConfig } from '../../src/sidecar/config/config.ts'
import type { Json } from '../../src/sidecar/fact.ts'
import { ownFolder } from './rig.ts'

const NOMAD = { region: 'global', addresses: ['https://127.0.0.1:4646'], ca: '/etc/eos/tls/ca.pem', token_file: '/etc/eos-sidecar/nomad.token' }
const CONSUL = { datacenter: 'dc1', addresses: ['https://127.0.0.1:8501'], ca: '/etc/eos/tls/ca.pem', token_file: '/etc/eos-sidecar/consul.token' }

describe('a configuration', () => {
  it('of one name is completed with what the package uses', () => {
    expect(decodeConfig({ instance: 'n1' })).toEqual({
      instance: 'n1',
      journal: '/var/lib/eos-sidecar/journal.db',
      socket: '/run/eos/bridge.sock',
      metrics: { port: 9460 },
      nomad: [],
      consul: [],
      pair: null,
      settle: { serviceRemoved: 10_000, evalBlocked: 30_000, flapCount: 3, flapWindow: 60_000 },
      timing: { firstHeartbeat: 5000, watchdog: 35_000, proof: 2000, audit: 60_000, tokenCheck: 60_000, checkpoint: 60_000, down: 60_000, engine: 10_000, status: 10_000, reconnectLeast: 500, reconnectMost: 30_000 },
    })
  })

  const wrong: readonly (readonly [string, Json, string])[] = [
    ['a list', [], 'EOS605 the configuration is a list; expected an object; correct the configuration and start the sidecar again'],
    ['no instance', {}, 'EOS604 instance is missing; expected text; correct the configuration and start the sidecar again'],
    ['an instance that is no name', { instance: 'a b' }, 'EOS606 instance is "a b"; expected letters, digits, `_`, `.` and `-`; give this sidecar a plain name'],
    ['an unknown key', { instance: 'n1', sokcet: '/x' }, 'EOS603 key sokcet is unknown; expected instance, journal, socket, metrics, nomad, consul, pair, settle, timing; correct the configuration and start the sidecar again'],
    ['an unknown key further in', { instance: 'n1', nomad: [{ ...NOMAD, token: 'x' }] }, 'EOS603 key nomad[0].token is unknown; expected region, addresses, ca, token_file, accessors; correct the configuration and start the sidecar again'],
    ['a number as text', { instance: 'n1', metrics: { port: '9460' } }, 'EOS605 metrics.port is string "9460"; expected a whole number; correct the configuration and start the sidecar again'],
    ['a port beyond the last', { instance: 'n1', metrics: { port: 70_000 } }, 'EOS606 metrics.port is 70000; expected 0 to 65535; correct the configuration and start the sidecar again'],
    ['a relative path', { instance: 'n1', journal: 'journal.db' }, 'EOS606 journal is "journal.db"; expected an absolute path; correct the configuration and start the sidecar again'],
    ['a server without TLS', { instance: 'n1', nomad: [{ ...NOMAD, addresses: ['http://127.0.0.1:4646'] }] }, 'EOS606 nomad[0].addresses[0] is "http://127.0.0.1:4646"; expected `https://<host>:<port>`; correct the configuration and start the sidecar again'],
    ['no address', { instance: 'n1', consul: [{ ...CONSUL, addresses: [] }] }, 'EOS606 consul[0].addresses has 0 items; expected at least 1; correct the configuration and start the sidecar again'],
    ['no token file', { instance: 'n1', consul: [{ datacenter: 'dc1', addresses: CONSUL.addresses, ca: CONSUL.ca }] }, 'EOS604 consul[0].token_file is missing; expected text; correct the configuration and start the sidecar again'],
    ['a duration without a unit', { instance: 'n1', timing: { proof: '2' } }, 'EOS606 timing.proof is "2"; expected a duration such as `500ms`, `10s`, `5m` or `1h`; correct the configuration and start the sidecar again'],
    ['a session of a pair that is too short', { instance: 'n1', consul: [CONSUL], pair: { consul: 'dc1', ttl: '2s' } }, 'EOS606 pair.ttl is "2s"; expected 4s to 24h; correct the configuration and start the sidecar again'],
    ['one region twice', { instance: 'n1', nomad: [NOMAD, NOMAD] }, 'EOS606 nomad[1].region is "global" again; expected each once; give its addresses to the first'],
    ['a pair behind a Consul that is not read', { instance: 'n1', pair: { consul: 'dc1' } }, 'EOS606 pair.consul is "dc1"; expected a datacenter of consul (there is none); add it to consul, or name another'],
  ]
  it.each(wrong)('with %s is refused with path, expected and found', (_, json, says) => {
    expect(() => decodeConfig(json)).toThrow(expect.objectContaining({ message: says }))
  })
})

describe('the program', () => {
  const main = fileURLToPath(new URL('../../src/sidecar/main.ts', import.meta.url))
  const folder = ownFolder()
  const place = join(folder.path, 'config.json')
  const start = (args: readonly string[], env: Readonly<Record<string, string>> = {}): { readonly status: number | null; readonly out: string; readonly said: string } => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...args], { encoding: 'utf8', env: { PATH: process.env['PATH'] ?? '', ...env }, timeout: 20_000 })
    return { status, out: stdout, said: stderr }
  }

  it('says with --check that a configuration is right, also where EOS_CONFIG names it', () => {
    writeFileSync(place, JSON.stringify({ instance: 'n1', nomad: [NOMAD], consul: [CONSUL], pair: { consul: 'dc1' } }))
    expect(start(['--config', place, '--check'])).toEqual({ status: 0, out: 'the configuration is right\n', said: '' })
    expect(start(['--check'], { EOS_CONFIG: place }).status).toBe(0)
  })

  it('ends with 78 and the path of what is wrong', () => {
    writeFileSync(place, JSON.stringify({ instance: 'n1', timing: { audit: 60 } }))
    expect(start(['--config', place])).toEqual({ status: 78, out: '', said: '<1>eos-sidecar: EOS605 timing.audit is number 60; expected a duration such as `10s`; correct the configuration and start the sidecar again\n' })
  })

  it('ends with 78 where the file is not there, is no JSON, or none is named', () => {
    writeFileSync(place, '{')
    expect(start(['--config', place])).toMatchObject({ status: 78, said: expect.stringMatching(/EOS602 the configuration .* cannot be read/) })
    expect(start(['--config', join(folder.path, 'none')])).toMatchObject({ status: 78, said: expect.stringMatching(/EOS602 .*ENOENT/) })
    expect(start([])).toMatchObject({ status: 78, said: expect.stringMatching(/EOS601 no configuration is named/) })
    expect(start(['--colour'])).toMatchObject({ status: 78, said: expect.stringMatching(/EOS601 the command line is wrong/) })
  })

  it('tells its version, which is that of the package', async () => {
    const { default: own } = await import('../../package.json', { with: { type: 'json' } })
    expect(start(['--version']).out).toBe(`${own.version}\n`)
  })
})
