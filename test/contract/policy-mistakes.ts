import type { Check } from '../../src/contract/check.ts'
import { checkActComponents, checkKeysOfPolicies, checkMatches, checkOccurrences, checkPatience } from '../../src/contract/check-policies.ts'
import type { Mistake } from '../support/mistake.ts'

const LAMP = 'src/policies/lamp-broken.ts'
const DOOR = 'src/policies/door-forced.ts'

/** Mistakes in policies that only the contract as a whole shows, each with the check that finds it. */
export const POLICY_CONTRACT_MISTAKES: readonly (Mistake & { readonly check: Check })[] = [
  { claim: 'refuses a verb that never happens', check: checkOccurrences, file: DOOR, from: "on: ['house/door/opened']", to: "on: ['house/door/opened', 'house/door/closed']", says: 'src/policies/door-forced.ts:5:29 EOS240 door_forced waits for `house/door/closed`, which never happens; expected `<event>/<verb>` of declared events; did you mean `house/door/opened`?' },
  { claim: 'refuses an occurrence that is named twice', check: checkOccurrences, file: DOOR, from: "on: ['house/door/opened']", to: "on: ['house/door/opened', 'house/door/opened']", says: 'src/policies/door-forced.ts:5:29 EOS240 door_forced waits for `house/door/opened` twice; expected each occurrence once; remove one of the two' },
  { claim: 'refuses a value that a leaf never has', check: checkMatches, file: LAMP, from: "['fall', null]", to: "['fell', null]", says: 'src/policies/lamp-broken.ts:6:30 EOS241 `verdict.cause` is never "fell"; expected "switch" or "fall"; take a value that the leaf can have' },
  { claim: 'refuses a value of another type', check: checkMatches, file: LAMP, from: "'verdict.isSeen': false", to: "'verdict.isSeen': 'no'", says: 'src/policies/lamp-broken.ts:6:63 EOS241 `verdict.is_seen` is never "no"; expected a value of its type; take a value that the leaf can have' },
  { claim: 'refuses a match with an empty list', check: checkMatches, file: LAMP, from: "['fall', null]", to: '[]', says: 'src/policies/lamp-broken.ts:6:29 EOS241 `verdict.cause` is matched with nothing; expected at least one value; name the values, or take the leaf away' },
  { claim: 'refuses an empty key', check: checkKeysOfPolicies, file: LAMP, from: "key: ['subject.room']", to: 'key: []', says: 'src/policies/lamp-broken.ts:8:8 EOS242 the key of lamp_broken is empty, so all its facts would be one incident; expected leaves that name what it is about; name them' },
  { claim: 'refuses an act whose key names no node', check: checkKeysOfPolicies, file: DOOR, from: "key: ['subject.node']", to: "key: ['verdict.cause']", says: 'src/policies/door-forced.ts:8:8 EOS242 the key of door_forced does not say what to apply; expected `subject.node` or `subject.minion`; add it to `key`' },
  { claim: 'refuses an act whose key names no instance', check: checkKeysOfPolicies, file: DOOR, from: "{ do: 'apply', component: 'consul' }", to: "{ do: 'deregister' }", says: 'src/policies/door-forced.ts:8:8 EOS242 the key of door_forced does not say what to deregister; expected `subject.instance`; add it to `key`' },
  { claim: 'refuses to reload a component without a unit', check: checkActComponents, file: DOOR, from: "{ do: 'apply', component: 'consul' }", to: "{ do: 'reload', component: 'tls' }", says: 'src/policies/door-forced.ts:9:35 EOS243 door_forced cannot reload `tls`; expected a component on hosts with a unit; there are `consul`' },
  { claim: 'refuses to act on what is no component', check: checkActComponents, file: DOOR, from: "component: 'consul'", to: "component: 'consol'", says: 'src/policies/door-forced.ts:9:34 EOS243 door_forced acts on `consol`, which is no component; expected a component on hosts; did you mean `consul`?' },
  { claim: 'refuses to apply what runs in Nomad', check: checkActComponents, file: DOOR, from: "{ do: 'apply', component: 'consul' }", to: "{ do: 'apply', component: 'app' }", says: 'src/policies/door-forced.ts:9:34 EOS243 door_forced cannot apply `app`; expected a component on hosts; there are `consul`, `host`, `tls`' },
  { claim: 'refuses an act that waits for nobody', check: checkPatience, file: DOOR, from: "require: { layerBelow: 'settled' }", to: 'require: {}', says: 'src/policies/door-forced.ts:5:8 EOS244 door_forced would apply at once on `house/door/opened`, which has no quiet time; expected occurrences that settle, or `layerBelow` in `require`; say how far the layer below must be' },
]
