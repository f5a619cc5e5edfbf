import { defineComponent } from '../schema/index.ts'

/** Short-lived Nomad tokens: Vault makes them for who may have them, and nobody keeps one. */
export interface NomadTokens {}
declare module '../schema/index.ts' {
  interface Components {
    'nomad-tokens': NomadTokens
  }
}

export default defineComponent<NomadTokens>({
  on: 'host',
  class: 'core',
  needs: ['tls', 'vault', 'vault-open', 'nomad', 'nomad-acl'],
  memory: [{ floor: '1MiB', want: '1MiB', burst: '1MiB' }],
  converge: [
    {
      id: 'Vault makes Nomad tokens',
      run: 'eos_vault.mount_present',
      with: {
        name: 'nomad',
        address: { $text: 'https://127.0.0.1:{vault.api}' },
        secret_id: { $: 'vault-open.adminSecretId' },
        type: 'nomad',
        description: 'Short-lived Nomad tokens.',
      },
    },
    {
      id: 'Vault manages Nomad',
      run: 'eos_nomad.vault_engine',
      with: {
        name: 'nomad',
        address: { $text: 'https://127.0.0.1:{nomad.https}' },
        token: { $: 'nomad-acl.managementToken' },
        vault_address: { $text: 'https://127.0.0.1:{vault.api}' },
        secret_id: { $: 'vault-open.adminSecretId' },
      },
    },
    {
      id: 'lifetime of Nomad tokens',
      run: 'eos_vault.written',
      with: {
        name: 'nomad/config/lease',
        address: { $text: 'https://127.0.0.1:{vault.api}' },
        secret_id: { $: 'vault-open.adminSecretId' },
        data: { ttl: 3600, max_ttl: 14400 },
      },
    },
    {
      id: 'Nomad tokens for applications',
      run: 'eos_vault.written',
      with: {
        name: 'nomad/role/terraform',
        address: { $text: 'https://127.0.0.1:{vault.api}' },
        secret_id: { $: 'vault-open.adminSecretId' },
        data: { type: 'client', policies: ['terraform'], global: false },
      },
    },
    {
      id: 'Nomad tokens for the foundation',
      run: 'eos_vault.written',
      with: {
        name: 'nomad/role/foundation',
        address: { $text: 'https://127.0.0.1:{vault.api}' },
        secret_id: { $: 'vault-open.adminSecretId' },
        // Nomad lets nobody but a management token write a namespace.
        data: { type: 'management', policies: [], global: false },
      },
    },
    {
      id: 'Nomad tokens for gates',
      run: 'eos_vault.written',
      with: {
        name: 'nomad/role/gate',
        address: { $text: 'https://127.0.0.1:{vault.api}' },
        secret_id: { $: 'vault-open.adminSecretId' },
        data: { type: 'client', policies: ['gate'], global: false },
      },
    },
  ],
  gate: {
    within: '60s',
    probes: [
      {
        by: 'hook',
        hook: 'nomad_knows_a_new_token',
        why: "Vault's Nomad engine has no valid management token: it was deleted in Nomad, or Vault cannot reach Nomad",
      },
    ],
  },
  backup: 'nothing-to-keep',
})
