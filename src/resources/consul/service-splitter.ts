import { defineResource, type Key, type Matching } from '../../schema/index.ts'

/** The configuration entry `service-splitter` of Consul: how requests to a service are divided. */
export interface ServiceSplitter {
  /** Name of the service; its protocol must be HTTP. */
  name: Key<Matching<'^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$', 'letters, digits, `.`, `_` and `-`, at most 128, a letter or digit first'>>
  /** The shares, 100 together. */
  splits: Split[]
  /** Free labels. */
  meta?: Record<string, string>
}
interface Split {
  /** Its share of the requests, in percent, to two digits. */
  weight: number
  /** Another service; this one when left out. */
  service?: string
  /** One of its subsets. */
  serviceSubset?: string
  /** What becomes of the headers of requests. */
  requestHeaders?: Headers
  /** What becomes of the headers of answers. */
  responseHeaders?: Headers
}
interface Headers {
  /** Added, by name. */
  add?: Record<string, string>
  /** Put in place of what is there, by name. */
  set?: Record<string, string>
  /** Taken out. */
  remove?: string[]
}

export default defineResource<ServiceSplitter>({
  service: 'consul',
  wire: { case: 'pascal', constant: { Kind: 'service-splitter' } },
  find: { list: 'GET /v1/config/service-splitter', read: 'GET /v1/config/service-splitter/{name}', match: ['name'], whole: true },
  create: 'PUT /v1/config?cas=0',
  update: 'PUT /v1/config?cas={ModifyIndex}',
  delete: 'DELETE /v1/config/service-splitter/{name}?cas={ModifyIndex}',
  lost: 'answers-false',
  diff: { meta: 'whole' },
  after: ['consul_service_resolver'],
  given: [
    { run: 'consul_service_defaults.present', with: { name: 'split-shop', protocol: 'http' } },
    { run: 'consul_service_defaults.present', with: { name: 'split-next', protocol: 'http' } },
  ],
  examples: {
    minimal: { name: 'split-shop', splits: [{ weight: 100 }] },
    canary: {
      name: 'split-shop',
      splits: [{ weight: 90.5, requestHeaders: { set: { 'x-share': 'most' }, remove: ['x-old'] } }, { weight: 9.5, service: 'split-next' }],
      meta: { owner: 'shop' },
    },
  },
  samples: { name: ['split-shop'], splits: [[{ weight: 50 }, { weight: 50, service: 'split-next' }], [{ weight: 100, service: 'split-next' }]] },
})
