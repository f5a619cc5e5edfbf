import { defineResource, type Confidential, type Key, type Matching } from '../../schema/index.ts'

/** The configuration entry `inline-certificate` of Consul: a certificate that gateways get from Consul, with its key. Whoever may read the entry reads the key: a `file-system-certificate` leaves it where it is. */
export interface InlineCertificate {
  /** Name that gateways refer to. */
  name: Key<Matching<'^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$', 'letters, digits, `.`, `_` and `-`, at most 128, a letter or digit first'>>
  /** The certificate and those that signed it, in PEM. */
  certificate: string
  /** Where its key lies, in PEM. */
  privateKey: Confidential
  /** Free labels. */
  meta?: Record<string, string>
}

export default defineResource<InlineCertificate>({
  service: 'consul',
  wire: { case: 'pascal', constant: { Kind: 'inline-certificate' } },
  find: { list: 'GET /v1/config/inline-certificate', read: 'GET /v1/config/inline-certificate/{name}', match: ['name'] },
  create: 'PUT /v1/config?cas=0',
  update: 'PUT /v1/config?cas={ModifyIndex}',
  delete: 'DELETE /v1/config/inline-certificate/{name}?cas={ModifyIndex}',
  lost: 'answers-false',
  diff: { meta: 'whole' },
  examples: {
    minimal: {
      name: 'shop-inline',
      certificate: '-----BEGIN CERTIFICATE-----\nMIIBODCB4KADAgECAgEBMAoGCCqGSM49BAMCMBcxFTATBgNVBAMMDHNob3AuZXhh\nbXBsZTAgFw0yNjAxMDEwMDAwMDBaGA8yMTI2MDEwMTAwMDAwMFowFzEVMBMGA1UE\nAwwMc2hvcC5leGFtcGxlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEbq1CGp2p\nTWHrbKP6y+tulnwsC0YBpPEzbletfGMA2wE+ZoK9eaBCx/gDzuSDTUzI7SniHzFw\ng++oRw7ugy4oRqMbMBkwFwYDVR0RBBAwDoIMc2hvcC5leGFtcGxlMAoGCCqGSM49\nBAMCA0cAMEQCIHPaHLAIyyj7lDxGNxLdIXwwErctKrMFYr/1MdgF3yFXAiAeweU9\nEl3EVL3jDqc3OH2cOSW/pMGlFY79r+5wLdtuzQ==\n-----END CERTIFICATE-----',
      privateKey: { file: '/etc/gateway/inline.key' },
    },
    owned: {
      name: 'shop-inline-owned',
      certificate: '-----BEGIN CERTIFICATE-----\nMIIBODCB4KADAgECAgEBMAoGCCqGSM49BAMCMBcxFTATBgNVBAMMDHNob3AuZXhh\nbXBsZTAgFw0yNjAxMDEwMDAwMDBaGA8yMTI2MDEwMTAwMDAwMFowFzEVMBMGA1UE\nAwwMc2hvcC5leGFtcGxlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEbq1CGp2p\nTWHrbKP6y+tulnwsC0YBpPEzbletfGMA2wE+ZoK9eaBCx/gDzuSDTUzI7SniHzFw\ng++oRw7ugy4oRqMbMBkwFwYDVR0RBBAwDoIMc2hvcC5leGFtcGxlMAoGCCqGSM49\nBAMCA0cAMEQCIHPaHLAIyyj7lDxGNxLdIXwwErctKrMFYr/1MdgF3yFXAiAeweU9\nEl3EVL3jDqc3OH2cOSW/pMGlFY79r+5wLdtuzQ==\n-----END CERTIFICATE-----',
      privateKey: { file: '/etc/gateway/inline.key' },
      meta: { owner: 'shop' },
    },
  },
  samples: {
    certificate: ['-----BEGIN CERTIFICATE-----\nMIIBMDCB16ADAgECAgEBMAoGCCqGSM49BAMCMBQxEjAQBgNVBAMMCXNob3AudGVz\ndDAgFw0yNjAxMDEwMDAwMDBaGA8yMTI2MDEwMTAwMDAwMFowFDESMBAGA1UEAwwJ\nc2hvcC50ZXN0MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEbq1CGp2pTWHrbKP6\ny+tulnwsC0YBpPEzbletfGMA2wE+ZoK9eaBCx/gDzuSDTUzI7SniHzFwg++oRw7u\ngy4oRqMYMBYwFAYDVR0RBA0wC4IJc2hvcC50ZXN0MAoGCCqGSM49BAMCA0gAMEUC\nIQDRZsTc8oTz8A+YNNXNIaBuM7pdqI0Qk4XgoqvrN4P3qgIgUjc7Hqalb7uDO6nx\nAGMnC+Qj5m1UY2uqTnTpd45Bv60=\n-----END CERTIFICATE-----'],
    privateKey: [{ file: '/etc/gateway/inline-again.key' }],
  },
})
