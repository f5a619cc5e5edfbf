import { defineComponent } from '../schema/index.ts'

/** Host: the ground that every other component stands on; its directories and its package repository. */
export interface Host {
  /** The signed Debian repository that the stack's packages come from; the host's own sources when left out. */
  repository?: {
    /** Address of the repository. */
    uri: string
    /** Suite; its component is `main`. */
    suite: string
    /** ASCII-armoured public key that signs it. */
    key: string
  }
}
declare module '../schema/index.ts' {
  interface Components {
    host: Host
  }
}

export default defineComponent<Host>({
  on: 'host',
  class: 'core',
  needs: [],
  memory: [{ floor: '256MiB', want: '384MiB', burst: '512MiB' }],
  prepare: [
    { id: 'base directory', run: 'file.directory', with: { name: '/etc/eos', mode: '0755', makedirs: true } },
    { id: 'repository', run: 'eos_apt.repository', with: { name: 'eos', repository: { $: 'repository' } } },
  ],
  gate: {
    within: '30s',
    probes: [
      {
        by: 'hook',
        hook: 'repository_is_trusted',
        why: 'the repository is out of reach, or its signature is not by the key in eos:host:repository:key',
      },
    ],
  },
  backup: 'nothing-to-keep',
})
