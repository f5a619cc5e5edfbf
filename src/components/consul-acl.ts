import { defineComponent, type Secret } from '../schema/index.ts'

/** Consul's ACLs: bootstrapped with a token made beforehand, then a policy and a token for each who needs one, and none for the rest. */
export interface ConsulAcl {
  /** The management token; for Eos's own states and for emergencies. */
  managementToken: Secret<'uuid'>
  /** Token of the Nomad agents. */
  nomadToken: Secret<'uuid'>
}
declare module '../schema/index.ts' {
  interface Components {
    'consul-acl': ConsulAcl
  }
}

export default defineComponent<ConsulAcl>({
  on: 'host',
  class: 'core',
  needs: ['consul'],
  memory: [{ floor: '1MiB', want: '1MiB', burst: '1MiB' }],
  converge: [
    {
      id: 'bootstrapped',
      run: 'eos_consul.bootstrapped',
      with: { name: { $text: 'https://127.0.0.1:{consul.https}' }, token: { $: 'managementToken' } },
    },
    {
      id: 'policy agent',
      run: 'eos_consul.policy_present',
      with: {
        name: 'agent',
        address: { $text: 'https://127.0.0.1:{consul.https}' },
        token: { $: 'managementToken' },
        description: 'What a Consul agent needs to keep its own node up to date.',
        rules: {
          node_prefix: { '': { policy: 'write' } },
          service_prefix: { '': { policy: 'read' } },
          agent_prefix: { '': { policy: 'read' } },
        },
      },
    },
    {
      id: 'token agent',
      run: 'eos_consul.token_present',
      with: {
        name: 'agent',
        address: { $text: 'https://127.0.0.1:{consul.https}' },
        token: { $: 'managementToken' },
        secret: { $: 'consul.agentToken' },
        policies: ['agent'],
      },
    },
    {
      id: 'policy dns',
      run: 'eos_consul.policy_present',
      with: {
        name: 'dns',
        address: { $text: 'https://127.0.0.1:{consul.https}' },
        token: { $: 'managementToken' },
        description: 'What DNS answers are looked up with.',
        rules: {
          node_prefix: { '': { policy: 'read' } },
          service_prefix: { '': { policy: 'read' } },
          query_prefix: { '': { policy: 'read' } },
        },
      },
    },
    {
      id: 'token dns',
      run: 'eos_consul.token_present',
      with: {
        name: 'dns',
        address: { $text: 'https://127.0.0.1:{consul.https}' },
        token: { $: 'managementToken' },
        secret: { $: 'consul.dnsToken' },
        policies: ['dns'],
      },
    },
    {
      id: 'policy nomad',
      run: 'eos_consul.policy_present',
      with: {
        name: 'nomad',
        address: { $text: 'https://127.0.0.1:{consul.https}' },
        token: { $: 'managementToken' },
        description: 'What a Nomad agent needs to register itself, and to remove services of tasks that ended.',
        rules: {
          agent_prefix: { '': { policy: 'read' } },
          node_prefix: { '': { policy: 'read' } },
          service_prefix: { '': { policy: 'write' } },
        },
      },
    },
    {
      id: 'token nomad',
      run: 'eos_consul.token_present',
      with: {
        name: 'nomad',
        address: { $text: 'https://127.0.0.1:{consul.https}' },
        token: { $: 'managementToken' },
        secret: { $: 'nomadToken' },
        policies: ['nomad'],
      },
    },
  ],
  gate: {
    within: '60s',
    probes: [
      {
        by: 'hook',
        hook: 'servers_are_healthy',
        why: 'a server is behind or unreachable: look at the server port between the servers',
      },
      {
        by: 'hook',
        hook: 'dns_answers',
        why: 'the dns token is unknown to Consul, or another program holds the DNS port',
      },
      {
        by: 'hook',
        hook: 'anonymous_is_refused',
        why: 'the anonymous token was given a policy',
      },
    ],
  },
  backup: 'nothing-to-keep',
})
