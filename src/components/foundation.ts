import { defineComponent } from '../schema/index.ts'

/** Foundation: the Terraform root of what applications share, their Nomad namespaces. */
export interface Foundation {}
declare module '../schema/index.ts' {
  interface Components {
    foundation: Foundation
  }
}

export default defineComponent<Foundation>({
  on: 'nomad',
  class: 'platform',
  needs: ['consul', 'nomad', 'nomad-acl', 'terraform', 'vault', 'workload-identity'],
  memory: [{ floor: '1MiB', want: '1MiB', burst: '1MiB' }],
  converge: [
    {
      id: 'root foundation',
      run: 'eos_terraform.applied',
      with: {
        root: 'foundation',
        config: { $: 'derive.root' },
        vault: { $: 'derive.vault' },
        secret_id: { $: 'workload-identity.terraformSecretId' },
        // Nomad lets nobody but a management token write a namespace; it is leased only when one is to be written.
        write_role: 'foundation',
        confirm: { $: 'derive.confirm' },
      },
    },
  ],
  gate: {
    within: '30s',
    probes: [
      {
        by: 'hook',
        hook: 'root_is_applied',
        why: 'the root was never applied on this node, or its state was removed',
      },
    ],
  },
  backup: 'nothing-to-keep',
  hooks: ['derive'],
})
