import { defineResource, type Key, type Matching } from '../../schema/index.ts'

/** The configuration entry `file-system-certificate` of Consul: a certificate that lies on the gateways themselves. */
export interface FileSystemCertificate {
  /** Name that gateways refer to. */
  name: Key<Matching<'^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$', 'letters, digits, `.`, `_` and `-`, at most 128, a letter or digit first'>>
  /** File with the certificate and those that signed it. */
  certificate: string
  /** File with its key. */
  privateKey: string
  /** Free labels. */
  meta?: Record<string, string>
}

export default defineResource<FileSystemCertificate>({
  service: 'consul',
  wire: { case: 'pascal', constant: { Kind: 'file-system-certificate' } },
  find: { list: 'GET /v1/config/file-system-certificate', read: 'GET /v1/config/file-system-certificate/{name}', match: ['name'], whole: true },
  create: 'PUT /v1/config?cas=0',
  update: 'PUT /v1/config?cas={ModifyIndex}',
  delete: 'DELETE /v1/config/file-system-certificate/{name}?cas={ModifyIndex}',
  lost: 'answers-false',
  diff: { meta: 'whole' },
  examples: {
    minimal: { name: 'on-disk', certificate: '/etc/gateway/own.pem', privateKey: '/etc/gateway/own.key' },
    owned: { name: 'shop-on-disk', certificate: '/etc/gateway/shop.pem', privateKey: '/etc/gateway/shop.key', meta: { owner: 'shop' } },
  },
  samples: { certificate: ['/etc/gateway/next.pem'], privateKey: ['/etc/gateway/next.key'] },
})
