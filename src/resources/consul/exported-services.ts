import { defineResource, type Key } from '../../schema/index.ts'

/** The configuration entry `exported-services` of Consul: what other meshes may reach. There is one, `default`. */
export interface ExportedServices {
  /** Its name. */
  name: Key<'default'>
  /** The services, each with those who may reach it. */
  services?: ExportedService[]
  /** Free labels. */
  meta?: Record<string, string>
}
interface ExportedService {
  /** Name of the service, or `*` for every one. */
  name: string
  /** Who may reach it. */
  consumers: Consumer[]
}
interface Consumer {
  /** Name of the peering. */
  peer: string
}

export default defineResource<ExportedServices>({
  service: 'consul',
  wire: { case: 'pascal', constant: { Kind: 'exported-services' } },
  find: { list: 'GET /v1/config/exported-services', read: 'GET /v1/config/exported-services/{name}', match: ['name'] },
  create: 'PUT /v1/config?cas=0',
  update: 'PUT /v1/config?cas={ModifyIndex}',
  delete: 'DELETE /v1/config/exported-services/{name}?cas={ModifyIndex}',
  lost: 'answers-false',
  diff: { services: 'as-set', 'services.consumers': 'as-set', meta: 'whole' },
  examples: {
    minimal: { name: 'default' },
    east: {
      name: 'default',
      services: [{ name: 'exported-shop', consumers: [{ peer: 'east' }, { peer: 'west' }] }, { name: 'exported-db', consumers: [{ peer: 'east' }] }],
      meta: { owner: 'platform' },
    },
  },
  samples: { services: [[{ name: 'exported-db', consumers: [{ peer: 'west' }] }]] },
})
