import { defineComponent, type Secret } from '../schema/index.ts'

/** Nomad's ACLs: bootstrapped with a token made beforehand, then policies for Terraform and for the gate of each client; who has no token may do nothing. */
export interface NomadAcl {
  /** The management token; for Eos's own states and for emergencies. */
  managementToken: Secret<'uuid'>
}
declare module '../schema/index.ts' {
  interface Components {
    'nomad-acl': NomadAcl
  }
}

export default defineComponent<NomadAcl>({
  on: 'host',
  class: 'core',
  needs: ['nomad'],
  memory: [{ floor: '1MiB', want: '1MiB', burst: '1MiB' }],
  converge: [
    {
      id: 'bootstrapped',
      run: 'eos_nomad.bootstrapped',
      with: { name: { $text: 'https://127.0.0.1:{nomad.https}' }, token: { $: 'managementToken' } },
    },
    {
      id: 'policy terraform',
      run: 'eos_nomad.policy_present',
      with: {
        name: 'terraform',
        address: { $text: 'https://127.0.0.1:{nomad.https}' },
        token: { $: 'managementToken' },
        description: 'What the Terraform roots of applications need: jobs and volumes in every namespace.',
        rules: {
          namespace: { '*': { policy: 'write' } },
          host_volume: { '*': { policy: 'write' } },
          node: { policy: 'read' },
          agent: { policy: 'read' },
        },
      },
    },
    {
      id: 'policy gate',
      run: 'eos_nomad.policy_present',
      with: {
        name: 'gate',
        address: { $text: 'https://127.0.0.1:{nomad.https}' },
        token: { $: 'managementToken' },
        description: 'What the unit eos-gate-vault needs to set metadata of its own node.',
        rules: { node: { policy: 'write' } },
      },
    },
  ],
  gate: {
    within: '90s',
    probes: [
      {
        by: 'hook',
        hook: 'servers_are_healthy',
        why: 'a server is behind or unreachable: look at the RPC port between the servers',
      },
      {
        by: 'hook',
        hook: 'node_is_ready',
        why: 'the client did not register, was drained or made ineligible by hand, or Docker is down',
      },
      {
        by: 'hook',
        hook: 'anonymous_is_refused',
        why: 'ACLs are off, or there is a policy named anonymous',
      },
    ],
  },
  backup: 'nothing-to-keep',
})
