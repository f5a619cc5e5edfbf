import { defineComponent, type Secret } from '../schema/index.ts'

/** Vault's gate on each Nomad client: jobs that need Vault are placed only while `eos_gate_vault` is open, and a small unit keeps it as Vault's own health is. */
export interface VaultGate {
  /** Secret id of the identity `eos-gate`, with which each client keeps `eos_gate_vault`. */
  gateSecretId: Secret<'uuid'>
}
declare module '../schema/index.ts' {
  interface Components {
    'vault-gate': VaultGate
  }
}

export default defineComponent<VaultGate>({
  on: 'host',
  class: 'core',
  needs: ['tls', 'vault', 'vault-open', 'nomad', 'nomad-acl', 'nomad-tokens'],
  unit: 'eos-gate-vault.service',
  memory: [{ floor: '16MiB', want: '32MiB', burst: '64MiB' }],
  prepare: [{ id: 'program of the gate', run: 'eos_program.installed', with: { name: '/usr/local/lib/eos/gate-vault', program: 'gate_vault' } }],
  files: [
    {
      path: '/etc/eos/gate-vault.json',
      format: 'json',
      mode: '0600',
      reload: 'restart',
      data: {
        vault: { $: 'derive.vault' },
        nomad: { $text: 'https://127.0.0.1:{nomad.https}' },
        ca_file: { $: 'tls.caFile' },
        role_id: 'eos-gate',
        secret_id: { $: 'gateSecretId' },
      },
    },
    {
      path: '/etc/systemd/system/eos-gate-vault.service',
      format: 'unit',
      reload: 'restart',
      data: {
        Unit: {
          Description: 'Open and close eos_gate_vault of this Nomad client as Vault opens and closes',
          After: 'nomad.service',
          StartLimitIntervalSec: 0,
        },
        Service: {
          ExecStart: '/usr/bin/env python3 /usr/local/lib/eos/gate-vault /etc/eos/gate-vault.json',
          StateDirectory: 'eos-gate-vault',
          StateDirectoryMode: '0700',
          Restart: 'always',
          RestartSec: 5,
        },
        Install: { WantedBy: 'multi-user.target' },
      },
    },
  ],
  converge: [
    {
      id: 'policy of gates in Vault',
      run: 'eos_vault.policy_present',
      with: {
        name: 'eos-gate',
        address: { $text: 'https://127.0.0.1:{vault.api}' },
        secret_id: { $: 'vault-open.adminSecretId' },
        rules: { 'nomad/creds/gate': ['read'] },
      },
    },
    {
      id: 'identity of gates in Vault',
      run: 'eos_vault.approle_present',
      with: {
        name: 'eos-gate',
        address: { $text: 'https://127.0.0.1:{vault.api}' },
        secret_id: { $: 'vault-open.adminSecretId' },
        role_secret_id: { $: 'gateSecretId' },
        policies: ['eos-gate'],
        token_ttl: 3600,
        token_max_ttl: 14400,
      },
    },
  ],
  gate: {
    within: '60s',
    probes: [
      {
        by: 'hook',
        hook: 'gate_is_open',
        why: 'the unit eos-gate-vault does not run, Vault is sealed, or the identity eos-gate is refused',
      },
    ],
  },
  backup: 'nothing-to-keep',
  hooks: ['derive'],
})
