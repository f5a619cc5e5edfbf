import { defineComponent, type Default } from '../schema/index.ts'

/** TLS: the site's CA on every node, and one certificate per component and node, for keys that never leave their host. */
export interface Tls {
  /** Where the site's CA lies on every node. */
  caFile: Default<string, '/etc/eos/tls/ca.pem'>
}
declare module '../schema/index.ts' {
  interface Components {
    tls: Tls
  }
}

export default defineComponent<Tls>({
  on: 'host',
  class: 'core',
  needs: ['host'],
  memory: [{ floor: '1MiB', want: '1MiB', burst: '1MiB' }],
  runner: 'eos.issue',
  converge: [{ id: 'authority', run: 'eos_tls.authority', with: { name: { $: 'caFile' } } }],
  gate: {
    within: '10s',
    probes: [
      {
        by: 'hook',
        hook: 'authority_is_valid',
        why: 'the CA has expired, or this host and the master disagree about the time',
      },
    ],
  },
  backup: 'nothing-to-keep',
})
