import { definePolicy } from '../schema/policy.ts'

/** A sealed Vault gives no secret: it is opened as its custody is declared, or a person is asked for exactly what is lacking. */
export default definePolicy({
  on: ['vault/seal/sealed'],
  match: { 'verdict.cause': 'restarted' },
  require: {},
  key: ['subject.minion', 'subject.address'],
  act: { do: 'unseal' },
  says: 'Vault on {subject.minion} is sealed ({verdict.cause}); its declared custody can open it',
  otherwise: 'Run `salt {subject.minion} state.apply eos.vault_open`; where shares are lacking on that host, give them by hand with `vault operator unseal`.',
  never: ['Opens a Vault that was sealed while its process ran.', 'Opens one whose host is not heard: what was done to it meanwhile is not known.', 'Opens a Vault that was never initialised, or whose shares its host does not have.', 'Shows, sends or stores a share.', 'Restarts Vault, or an application.'],
})
