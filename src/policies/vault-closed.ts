import { definePolicy } from '../schema/policy.ts'

/** Vault was sealed while its process ran, or nothing shows that it was not: somebody meant it, or its storage failed. Neither is for a machine to undo. */
export default definePolicy({
  on: ['vault/seal/sealed'],
  match: { 'verdict.cause': 'sealed' },
  require: {},
  key: ['subject.minion', 'subject.address'],
  act: { do: 'alarm' },
  says: 'Vault on {subject.minion} is sealed, and nothing shows that it was started since it was open: an operator sealed it, or its storage failed; it is left sealed',
  otherwise: 'If it was not meant, look at its storage, then run `salt {subject.minion} state.apply eos.vault_open`. If it was, run `salt-run eos.hold component:vault reason=…`: once its process is started anew, its custody may open it.',
  never: ['Opens what a person has sealed.'],
})
