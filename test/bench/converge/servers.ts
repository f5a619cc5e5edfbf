import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ConsulCluster } from '../../fault/harness/consul.ts'
import { NomadCluster } from '../../fault/harness/nomad.ts'
import type { Scene } from '../../fault/harness/scene.ts'
import { until } from '../../fault/harness/until.ts'
import { rows, text } from '../../fault/harness/value.ts'
import type { Place } from './tool.ts'

/** The servers that every tool meets: Nomad with a client and Consul, with TLS and ACLs, one of each on the loopback. */
export class Servers {
  readonly nomad: NomadCluster
  readonly consul: ConsulCluster
  readonly place: Place

  private constructor(nomad: NomadCluster, consul: ConsulCluster, place: Place) {
    this.nomad = nomad
    this.consul = consul
    this.place = place
  }

  static async start(scene: Scene): Promise<Servers> {
    const folder = scene.place('servers')
    const nomad = await NomadCluster.start(scene.place('nomad'), scene.authority, { buffers: [100], clients: 1 })
    scene.ends(() => nomad.stop())
    const consul = await ConsulCluster.start(scene.place('consul'), scene.authority, { servers: 1, clients: 0 })
    scene.ends(() => consul.stop())
    const file = (name: string, token: string): string => {
      writeFileSync(join(folder, name), token, { mode: 0o600 })
      return join(folder, name)
    }
    return new Servers(nomad, consul, {
      nomad: `https://127.0.0.1:${nomad.port()}`,
      consul: `https://127.0.0.1:${consul.port()}`,
      ca: scene.authority.ca,
      nomadToken: file('nomad-token', nomad.api.token),
      consulToken: file('consul-token', consul.api.token),
    })
  }

  /** Waits until what runs has become healthy: a deployment under way is no rest. */
  async settled(prefix: string, jobs: number): Promise<void> {
    await until('every deployment is successful', async () => {
      const own = rows(await this.nomad.get('/v1/deployments')).filter((one) => text(one, 'JobID').startsWith(prefix))
      return own.filter((one) => text(one, 'Status') === 'successful').length === jobs
    }, 120_000, 500)
  }

  /** Takes away what a tool has made, so that each tool meets servers with nothing but its own. */
  async cleared(prefix: string): Promise<void> {
    const isOwn = (name: string): boolean => name.startsWith(prefix)
    for (const job of rows(await this.nomad.get('/v1/jobs')).map((one) => text(one, 'ID')).filter(isOwn)) await this.nomad.delete(`/v1/job/${job}?purge=true`)
    for (const name of rows(await this.nomad.get('/v1/namespaces')).map((one) => text(one, 'Name')).filter(isOwn)) await this.nomad.delete(`/v1/namespace/${name}`)
    for (const one of rows(await this.consul.get('/v1/acl/policies')).filter((policy) => isOwn(text(policy, 'Name')))) await this.consul.api.ask(this.consul.port(), 'DELETE', `/v1/acl/policy/${text(one, 'ID')}`)
    await this.consul.api.ask(this.consul.port(), 'DELETE', `/v1/kv/${prefix}/?recurse=true`)
    await this.nomad.put('/v1/system/gc')
  }
}
