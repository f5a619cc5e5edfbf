import { defineComponent, type Default, type Roles } from '../schema/index.ts'

/** Terraform layer: OpenTofu on the node that applies roots, with its provider at hand and no network needed. */
export interface Terraform {
  /** What a node does here. */
  role: Roles<'runner'>
  /** Where providers come from: a mirror on this host that a package fills, or the vendors' registry. */
  providers: Default<'mirror' | 'registry', 'mirror'>
  /** Package that fills the mirror. */
  providerPackage: Default<string, 'opentofu-provider-nomad'>
  /** What a plan may delete or replace: addresses such as `nomad_job.application`, by root. Empty it again afterwards. */
  confirm: Default<Record<string, string[]>, {}>
}
declare module '../schema/index.ts' {
  interface Components {
    terraform: Terraform
  }
}

export default defineComponent<Terraform>({
  on: 'host',
  class: 'platform',
  needs: ['host', 'tls'],
  packages: ['opentofu'],
  memory: [{ floor: '128MiB', want: '192MiB', burst: '384MiB' }],
  prepare: [
    {
      id: 'provider',
      run: 'pkg.installed',
      when: { providers: 'mirror' },
      with: { pkgs: [{ $: 'providerPackage' }] },
    },
    {
      id: 'directory of roots',
      run: 'file.directory',
      with: { name: '/var/lib/eos/terraform', mode: '0700', user: 'root', makedirs: true },
    },
    // On a tmpfs: tokens and plans are gone after a boot, and systemd-tmpfiles makes the folder again.
    {
      id: 'directory in memory',
      run: 'file.directory',
      with: { name: '/run/eos/terraform', mode: '0700', user: 'root', makedirs: true },
    },
  ],
  files: [
    {
      path: '/etc/eos/terraform.tfrc',
      format: 'lines',
      when: { providers: 'mirror' },
      data: {
        lines: [
          'disable_checkpoint = true',
          'provider_installation {',
          '  filesystem_mirror {',
          '    path = "/usr/share/eos/terraform-providers"',
          '  }',
          '}',
        ],
      },
    },
    {
      path: '/etc/eos/terraform.tfrc',
      format: 'lines',
      when: { providers: 'registry' },
      data: { lines: ['disable_checkpoint = true'] },
    },
    {
      path: '/etc/tmpfiles.d/eos-terraform.conf',
      format: 'lines',
      data: { lines: ['d /run/eos/terraform 0700 root root -'] },
    },
  ],
  gate: {
    within: '30s',
    probes: [
      {
        by: 'command',
        run: ['tofu', 'version', '-json'],
        field: 'platform',
        isNot: '',
        why: 'OpenTofu is not installed: the package repository of the stack has no package `opentofu`',
      },
      {
        by: 'hook',
        hook: 'provider_is_at_hand',
        why: 'the mirror on this host has no provider hashicorp/nomad: the package named in eos:terraform:provider_package did not bring it',
      },
    ],
  },
})
