import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest'
import { fault } from './harness/case.ts'
import { FOREVER, job } from './harness/jobs.ts'
import { NomadCluster } from './harness/nomad.ts'
import { Scene } from './harness/scene.ts'
import { NOMAD_RULES, station } from './harness/station.ts'
import { until } from './harness/until.ts'
import { text } from './harness/value.ts'

const scene = new Scene()
let nomad: NomadCluster
let mark = 0

beforeAll(async () => {
  nomad = await NomadCluster.start(scene.folder, scene.authority, { buffers: [5, 5, 100_000], clients: 2 })
  scene.ends(() => nomad.stop())
  mark = scene.mark()
}, 120_000)
afterEach(() => scene.endSince(mark))
afterAll(() => scene.end())

describe('rights in Nomad come and go', () => {
  // Oracle: the jobs that ran meanwhile. Fails when an empty list of a token without rights is believed, or a new token file is not read.
  fault(15, 'degrades when its token is deleted and heals with a new file, without a restart', { runs: 'default', within: 120 }, async () => {
    const here = await station(scene, { nomad, more: { timing: { token_check: '2s', audit: '2s' } } })
    await here.sidecar.start().ready()
    await nomad.run(job('rights', { script: FOREVER }))
    await here.fact('nomad/alloc', 'started', { job: 'rights' })
    await nomad.delete(`/v1/acl/token/${here.nomadToken.accessor}`)
    const degraded = await here.fact('bridge', 'degraded', {}, 30_000)
    expect(degraded.verdict['cause']).toBe('auth')
    expect((await here.sidecar.page('/readyz')).status).not.toBe(200)
    await nomad.run(job('rights-meanwhile', { script: FOREVER }))
    const pid = here.sidecar.pid
    here.sidecar.writeToken('nomad', (await nomad.token(NOMAD_RULES)).secret)
    await here.fact('bridge', 'recovered', {}, 40_000)
    await here.fact('nomad/alloc', 'started', { job: 'rights-meanwhile' })
    expect(here.sidecar.pid).toBe(pid)
    expect(here.facts('nomad/job', 'purged')).toEqual([])
    expect(here.facts('nomad/node', 'removed')).toEqual([])
  })

  // Oracle: the policy before and after. Fails when a narrowed policy's partial lists are diffed as the whole truth.
  fault(15, 'degrades when its policy is narrowed and heals when it is widened', { runs: 'default', within: 120 }, async () => {
    const here = await station(scene, { nomad, more: { timing: { token_check: '2s', audit: '2s' } } })
    await here.sidecar.start().ready()
    const since = here.receiver.kept.length
    const policy = `/v1/acl/policy/${here.nomadToken.policy}`
    await nomad.post(policy, { Name: here.nomadToken.policy, Rules: 'node { policy = "read" }' })
    const degraded = await here.fact('bridge', 'degraded', {}, 40_000)
    expect(degraded.verdict['cause']).toBe('auth')
    await nomad.post(policy, { Name: here.nomadToken.policy, Rules: NOMAD_RULES })
    await here.fact('bridge', 'recovered', {}, 40_000)
    const ends = here.receiver.kept.slice(since).filter(({ verb }) => ['purged', 'removed', 'stopped', 'lost', 'deregistered', 'down'].includes(verb))
    expect(ends.map(({ tag }) => tag)).toEqual([])
  })

  // Oracle: the job itself, which runs on. Fails when the list of jobs is believed although one namespace hides its own: Nomad leaves them out without a word.
  fault(15, 'names the namespace whose jobs its token may read but not list, and tells no purge', { runs: 'default', within: 120 }, async () => {
    await nomad.put('/v1/namespace/hidden', { Name: 'hidden' })
    const here = await station(scene, { nomad, more: { timing: { audit: '1s' } } })
    await here.sidecar.start().ready()
    await nomad.run(job('unlisted', { script: FOREVER, namespace: 'hidden' }))
    await here.fact('nomad/alloc', 'started', { job: 'unlisted' })
    const policy = `/v1/acl/policy/${here.nomadToken.policy}`
    const may = 'namespace "*" { capabilities = ["read-job"] }\nnamespace "default" { capabilities = ["read-job", "list-jobs"] }\nnode { policy = "read" }'
    await nomad.post(policy, { Name: here.nomadToken.policy, Rules: may })
    const degraded = await here.fact('bridge', 'degraded', {}, 40_000)
    expect(degraded.verdict['cause']).toBe('auth')
    expect(String(degraded.verdict['detail'])).toContain('list-jobs in namespace hidden')
    await nomad.post(policy, { Name: here.nomadToken.policy, Rules: NOMAD_RULES })
    await here.fact('bridge', 'recovered', {}, 40_000)
    expect(here.facts('nomad/job', 'purged')).toEqual([])
    expect(here.facts('nomad/alloc', 'stopped')).toEqual([])
    await nomad.delete('/v1/job/unlisted?namespace=hidden&purge=true')
  })

  // Oracle: the token's own ExpirationTime. Fails when heartbeats alone are taken for the right to read.
  fault(16, 'notices an expired token on a quiet cluster', { runs: 'default', within: 90 }, async () => {
    const here = await station(scene, { nomad, more: { timing: { token_check: '3s' } } })
    const short = await nomad.token(NOMAD_RULES, { ExpirationTTL: '12s' })
    here.sidecar.writeToken('nomad', short.secret)
    await here.sidecar.start().ready()
    const degraded = await here.fact('bridge', 'degraded', {}, 60_000)
    expect(degraded.verdict['cause']).toBe('auth')
    const { status, body } = await nomad.call('GET', `/v1/acl/token/${short.accessor}`)
    // Before its end the token is right; after it the server forgets it.
    expect(status === 404 || Date.parse(text(body, 'ExpirationTime')) <= Date.now()).toBe(true)
  })

  // Oracle: the job in the new namespace. Fails when the stream keeps the namespaces of the moment it was opened.
  fault(17, 'sees jobs of a namespace that is made later before any audit', { runs: 'default', within: 60 }, async () => {
    const here = await station(scene, { nomad })
    await here.sidecar.start().ready()
    await nomad.post('/v1/namespace/later', { Name: 'later' })
    await nomad.run(job('newcomer', { script: FOREVER, namespace: 'later' }))
    const fact = await here.fact('nomad/job', 'registered', { job: 'newcomer' }, 40_000)
    expect(['stream', 'resync']).toContain(fact.origin)
    expect(fact.subject['namespace']).toBe('later')
    expect(fact.tag).toBe('eos/nomad/job/registered/newcomer@later')
    await here.fact('nomad/alloc', 'started', { job: 'newcomer' })
    await until('the job is gone', async () => (await nomad.call('DELETE', '/v1/job/newcomer?namespace=later&purge=true')).status === 200)
  })
})
