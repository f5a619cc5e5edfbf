import { expect } from 'vitest'
import { audit, isCarriedOut, type Explained, type Heal, type Line } from '../../kitchen/faults/healing.ts'
import { attemptOnNode, onNode } from '../../kitchen/node/container.ts'

const MASTER = 'n1'
/** Short spans, so that a person need not wait; budgets that this many faults at once do not exhaust, here or when it runs again. */
export const HEAL: Heal = {
  mode: 'observe',
  components: { caddy: 'enforce', consul: 'enforce', vault: 'observe' },
  bucket: { size: 50, every: '1s' },
  debounce: { least: '1s', most: '5s' },
  cool_down: { first: '5s', most: '5s', stable: '1s' },
  attempts: 20,
  mass_failure: 100,
  blast: { share: 100 },
}
/** The same, with what would be done to Vault told to people. */
export const WARNING: Heal = { ...HEAL, components: { caddy: 'enforce', consul: 'enforce', vault: 'warn' } }
/** The same, with acts on all three. */
export const ENFORCING: Heal = { ...HEAL, components: { caddy: 'enforce', consul: 'enforce', vault: 'enforce' } }
/** The same, with acts on everything: also jobs that are none of the stack are evaluated after an unseal. */
export const ENFORCING_ALL: Heal = { ...ENFORCING, mode: 'enforce' }

/** Whether a line names it. */
export const about = (text: string) => ({ body }: Line): boolean => JSON.stringify(body).includes(text)
/** A verb of the runner. */
export const runner = (...args: readonly string[]): Promise<string> => onNode(MASTER, ['salt-run', '--log-level=quiet', ...args])
/** What `eos.status` says to a person, in one line. */
export const status = async (): Promise<string> => (await attemptOnNode(MASTER, ['salt-run', '--log-level=quiet', 'eos.status', '--out=eos'])).stdout.replaceAll(/\s+/g, ' ')

/** The last act of this run that ended well; alone, without what comes before, there may be none. */
export async function doneAlready(): Promise<string> {
  const found = (await audit(MASTER, 'kind=result', 'since=2h', 'limit=5000')).findLast(({ body }) => body['ok'] === true && String(body['says']).startsWith('applied '))
  expect(found?.body['decision'], 'an apply of the last two hours that ended well').toEqual(expect.any(String))
  return String(found?.body['decision'])
}

/** The whole road of an act: facts of the inbox, every check passed, a claim of the reactor, and a result that was verified. */
export function expectRoad({ facts, decisions, audit: lines }: Explained, event: string): void {
  expect(facts.map(({ event: one }) => `${one?.event} ${one?.verb}`)).toContain(event)
  const decision = decisions.find(isCarriedOut)
  expect(decision, `verified after its act: ${JSON.stringify(decisions.map(({ result }) => result))}`).toBeDefined()
  expect(decision?.checks.map(({ result }) => result)).toEqual(decision?.checks.map(() => 'passed'))
  expect(decision?.claim).toMatchObject({ user: 'Reactor', jid: expect.stringMatching(/^\d{20}$/) })
  const kinds = lines.filter(({ body }) => body['decision'] === decision?.id).map(({ kind }) => kind)
  // On a busy machine a decision may be fired again before it is claimed: that claim is late. What its act brought about is its own, and jobs that it touched beside are booked.
  expect([...new Set(kinds)].filter((kind) => !['claim_late', 'own', 'touched'].includes(kind))).toEqual(['decided', 'fired', 'claimed', 'acting', 'acted', 'result'])
}
