import { defineComponent, type Default, type Integer, type Secret } from '../schema/index.ts'

/** Vault made usable: initialised once, unsealed after each start, audited twice, with a KV store and an identity for Eos instead of its root token. */
export interface VaultOpen {
  /** Unseal shares that Vault makes; each is sealed in a file of its own on Vault's host. */
  shares: Default<Integer, 5>
  /** Shares that open Vault. */
  threshold: Default<Integer, 3>
  /** Secret id of Eos's own identity `eos-admin`. */
  adminSecretId: Secret<'uuid'>
}
declare module '../schema/index.ts' {
  interface Components {
    'vault-open': VaultOpen
  }
}

export default defineComponent<VaultOpen>({
  on: 'host',
  class: 'core',
  needs: ['vault'],
  memory: [{ floor: '1MiB', want: '1MiB', burst: '1MiB' }],
  files: [
    {
      path: '/etc/systemd/system/eos-vault-unseal.service',
      format: 'unit',
      data: {
        Unit: {
          Description: 'Unseal Vault with the shares that are sealed on this host',
          After: 'vault.service',
        },
        Service: {
          Type: 'oneshot',
          ExecStart: {
            $text: '/usr/bin/env salt-call --local --retcode-passthrough eos_vault.unseal https://127.0.0.1:{vault.api}',
          },
        },
        Install: { WantedBy: 'vault.service' },
      },
    },
  ],
  converge: [
    {
      id: 'initialised',
      run: 'eos_vault.initialised',
      with: {
        name: { $text: 'https://127.0.0.1:{vault.api}' },
        shares: { $: 'shares' },
        threshold: { $: 'threshold' },
      },
    },
    { id: 'unsealed', run: 'eos_vault.unsealed', with: { name: { $text: 'https://127.0.0.1:{vault.api}' } } },
    { id: 'unsealed after a start', run: 'service.enabled', with: { name: 'eos-vault-unseal.service' } },
    {
      id: 'identity eos-admin',
      run: 'eos_vault.admin_present',
      with: {
        name: 'eos-admin',
        address: { $text: 'https://127.0.0.1:{vault.api}' },
        secret_id: { $: 'adminSecretId' },
      },
    },
    {
      id: 'audit in a file',
      run: 'eos_vault.audit_present',
      with: {
        name: 'file',
        address: { $text: 'https://127.0.0.1:{vault.api}' },
        secret_id: { $: 'adminSecretId' },
        options: { file_path: '/var/log/vault/audit.json', mode: '0600' },
      },
    },
    {
      id: 'audit in the journal',
      run: 'eos_vault.audit_present',
      with: {
        name: 'journal',
        address: { $text: 'https://127.0.0.1:{vault.api}' },
        secret_id: { $: 'adminSecretId' },
        options: { file_path: 'stdout' },
      },
    },
    {
      id: 'mount kv',
      run: 'eos_vault.mount_present',
      with: {
        name: 'kv',
        address: { $text: 'https://127.0.0.1:{vault.api}' },
        secret_id: { $: 'adminSecretId' },
        type: 'kv',
        description: 'Secrets of applications, at <namespace>/<job>/<name>.',
        options: { version: '2' },
      },
    },
    {
      id: 'canary',
      run: 'eos_vault.canary',
      with: {
        name: 'eos/canary',
        address: { $text: 'https://127.0.0.1:{vault.api}' },
        secret_id: { $: 'adminSecretId' },
      },
    },
    {
      id: 'root token revoked',
      run: 'eos_vault.root_revoked',
      with: { name: { $text: 'https://127.0.0.1:{vault.api}' }, secret_id: { $: 'adminSecretId' } },
    },
  ],
  gate: {
    within: '60s',
    probes: [
      {
        by: 'hook',
        hook: 'is_unsealed',
        why: 'Vault is sealed: fewer sealed shares lie in /var/lib/eos/vault than it asks for, or they are of another Vault',
      },
      {
        by: 'hook',
        hook: 'canary_is_readable',
        why: 'the identity eos-admin does not log in, or its policy was changed by hand',
      },
      {
        by: 'hook',
        hook: 'is_audited_twice',
        why: 'an audit device was disabled by hand',
      },
    ],
  },
  backup: 'nothing-to-keep',
})
