import type { Mistake } from '../support/mistake.ts'

const LAMP = 'src/policies/lamp-broken.ts'

/** Mistakes in the names and texts of policies. */
export const POLICY_MISTAKES: readonly Mistake[] = [
  { claim: 'refuses a key that no leaf has', file: LAMP, from: "key: ['subject.room']", to: "key: ['subject.rom']", says: 'src/policies/lamp-broken.ts:8:9 EOS142 `subject.rom` is no leaf of the occurrences; expected a leaf of every occurrence in `on`; did you mean `subject.room`?' },
  { claim: 'refuses a match on what is no leaf', file: LAMP, from: "'verdict.isSeen': false", to: "'verdict.seen': false", says: 'src/policies/lamp-broken.ts:6:45 EOS142 `verdict.seen` is no leaf of the occurrences; expected a leaf of every occurrence in `on`; did you mean `verdict.isSeen`?' },
  { claim: 'refuses a text that refers to what is no leaf', file: LAMP, from: 'switch of {subject.room}', to: 'switch of {subject.rooms}', says: 'src/policies/lamp-broken.ts:12:37 EOS142 `subject.rooms` is no leaf of the occurrences; expected a leaf of every occurrence in `on`, or {count}; did you mean `subject.room`?' },
  { claim: 'refuses a component of what is no leaf', file: 'src/policies/cable-pulled.ts', from: "leaf: 'subject.component'", to: "leaf: 'subject.componant'", says: 'src/policies/cable-pulled.ts:8:42 EOS142 `subject.componant` is no leaf of the occurrences; expected a leaf of every occurrence in `on`; did you mean `subject.component`?' },
  { claim: 'refuses a brace without its other half', file: LAMP, from: 'switch of {subject.room}', to: 'switch of {subject.room', says: 'src/policies/lamp-broken.ts:12:14 EOS142 a brace stands alone; expected braces around references only; close it, or take it away' },
  { claim: 'refuses to count different values of what is no leaf', file: LAMP, from: "distinct: 'subject.lampPlace'", to: "distinct: 'lampPlace'", says: 'src/policies/lamp-broken.ts:7:78 EOS142 `lampPlace` is no leaf of the occurrences; expected a leaf of every occurrence in `on`; did you mean `subject.lampPlace`?' },
]
