import type { ConsulCluster } from '../../fault/harness/consul.ts'
import { residentAtRest, type Resident } from '../../fault/harness/resident.ts'
import type { Scene } from '../../fault/harness/scene.ts'
import { station } from '../../fault/harness/station.ts'
import { until } from '../../fault/harness/until.ts'
import { crowd } from '../../support/crowded-nomad.ts'
import { FakeNomad } from '../../support/fake-nomad.ts'
import type { Recorded } from './recorded.ts'

/** What a sidecar keeps that has nothing to do: after it read everything for the first time, and after a restart on what it remembers. */
export interface Rest {
  /** Objects that it remembers. */
  readonly objects: number
  readonly first: Resident
  readonly again: Resident
}

const TOKEN = 'e5f7c0de-0000-4000-8000-00000000be7c'

/** Measures a sidecar as it is installed, with a double of Nomad that has so many allocations, and with a Consul where one is given. */
export async function measureRest(scene: Scene, program: readonly string[], recorded: Recorded, allocations: number, consul?: ConsulCluster): Promise<Rest> {
  const mark = scene.mark()
  const nomad = await FakeNomad.open(scene.authority)
  scene.ends(() => nomad.close())
  crowd(nomad, recorded, allocations)
  const here = await station(scene, { ...(consul === undefined ? {} : { consul }), more: { program, nomad: { addresses: [nomad.url], token: TOKEN } } })
  const known = async (): Promise<number> => (await here.sidecar.metric('eos_sidecar_remembered')) + (await here.sidecar.metric('eos_sidecar_consul_instances'))
  const rest = async (): Promise<Resident> => {
    await here.sidecar.start().ready(120_000)
    await until('every allocation is remembered', async () => (await known()) >= allocations, 60_000)
    return residentAtRest(here.sidecar.pid)
  }
  const first = await rest()
  await here.sidecar.end()
  const again = await rest()
  const objects = await known()
  await scene.endSince(mark)
  return { objects, first, again }
}
