import { defineEvent, type Integer } from '../../schema/index.ts'

/** The Vault of a host: whether it is sealed, as it says itself. */
export interface VaultSeal {
  verb: 'sealed' | 'unsealed'
  subject: {
    /** Minion that the Vault is on. */
    minion: string
    /** Its address there. */
    address: string
  }
  verdict: {
    /** `restarted`: its process was started since it was last seen open. `sealed`: the same process was open before, or when it was open is not known. `open`: it is unsealed. */
    cause: 'restarted' | 'sealed' | 'open'
  }
  change: {
    /** Shares that it has been given towards opening. */
    progress: Integer
    /** Shares that open it. */
    threshold: Integer
  }
  links: {
    /** Systemd's own id of this life of its unit; null where systemd does not say. */
    invocation: string | null
  }
}
declare module '../../schema/index.ts' {
  interface Events {
    'vault/seal': VaultSeal
  }
}

export default defineEvent<VaultSeal>({
  tag: 'eos/vault/seal/{verb}/{subject.minion}',
  verbs: {
    sealed: {
      severity: 'critical',
      raised: 'Vault answers that it is sealed, for longer than the unit that opens it after a start needs.',
      says: '{subject.minion}: Vault at {subject.address} is sealed ({verdict.cause}), {change.progress} of {change.threshold} shares given',
      advice: 'Run `salt {subject.minion} state.apply eos.vault_open`: it opens Vault with the shares that are sealed on its host. Applications go on with what they have; nothing that needs a new secret starts.',
      id: 'h:{subject.minion}:seal:{verb}:{mark}',
      settle: '20s',
      example: {
        subject: { minion: 'n1', address: 'https://127.0.0.1:8200' },
        verdict: { cause: 'restarted' },
        change: { progress: 0, threshold: 3 },
        links: { invocation: '9d5e0c3f7a1b4c2d8e6f00112233aabb' },
      },
    },
    unsealed: {
      severity: 'notice',
      raised: 'A Vault that was told as sealed is open again.',
      says: '{subject.minion}: Vault at {subject.address} is open again',
      id: 'h:{subject.minion}:seal:{verb}:{mark}',
      example: {
        subject: { minion: 'n1', address: 'https://127.0.0.1:8200' },
        verdict: { cause: 'open' },
        change: { progress: 0, threshold: 3 },
        links: { invocation: '9d5e0c3f7a1b4c2d8e6f00112233aabb' },
      },
    },
  },
})
