import type { Check } from '../../src/contract/check.ts'
import { checkAfter, checkOrder } from '../../src/contract/check-after.ts'
import { checkGiven, checkRules, checkSamples, checkWords } from '../../src/contract/check-resources.ts'
import type { Mistake } from '../support/mistake.ts'

const HOST = 'src/components/host.ts'
const NAMESPACE = 'src/resources/nomad/namespace.ts'
const SHELF = 'src/resources/consul/shelf.ts'

/** Mistakes in the words of a resource that only the contract as a whole shows. */
export const RESOURCE_CONTRACT_MISTAKES: readonly (Mistake & { readonly check: Check })[] = [
  {
    claim: 'refuses a place of a secret in a component',
    check: checkWords,
    file: HOST,
    from: 'export interface Host {\n',
    to: 'export interface Host {\n  /** Its password. */\n  password?: Confidential\n',
    says: 'src/components/host.ts:6:3 EOS223 field `password` of component host has a word of resources; expected Span, Base64, Slashed and Confidential in resources only; write a Duration, a string or a Secret',
  },
  { claim: 'refuses a set where there is no list', check: checkRules, file: SHELF, from: "keys: 'whole'", to: "keys: 'as-set'", says: 'src/resources/consul/shelf.ts:46:89 EOS224 rule `as-set` does not fit `keys`; expected a list; take another rule' },
  { claim: 'refuses a text rule for a list', check: checkRules, file: SHELF, from: "readers: 'as-set'", to: "readers: 'hcl'", says: 'src/resources/consul/shelf.ts:46:20 EOS224 rule `hcl` does not fit `readers`; expected a plain value; take another rule' },
  { claim: 'refuses a name with `[]` for what is no list', check: checkRules, file: SHELF, from: "rename: { id: 'ID', readers: 'Readers[].Name'", to: "rename: { id: 'ID', readers: 'Readers', label: 'Label[].Text'", says: 'src/resources/consul/shelf.ts:41:74 EOS224 `label` is no list of plain values; expected `[]` in the name of a list of texts or numbers; name the field itself' },
  { claim: 'refuses a body of one field that is no text', check: checkRules, file: SHELF, from: "wire: { case: 'pascal',", to: "wire: { case: 'pascal', raw: 'things',", says: 'src/resources/consul/shelf.ts:41:32 EOS224 `things` is no text; expected a field of text as the whole body; take another field' },
  { claim: 'refuses a lost comparison where nothing is compared', check: checkRules, file: SHELF, from: 'PUT /v1/shelf?cas=0', to: 'PUT /v1/shelf', says: 'src/resources/consul/shelf.ts:48:9 EOS224 nothing is compared at creation; expected `?cas=0` in the call that creates; add it, or leave `lost` out' },
  { claim: 'refuses a whole list of what is read in no other way', check: checkRules, file: SHELF, from: ", read: 'GET /v1/shelf/name/{name}' }", to: ', whole: true }', says: 'src/resources/consul/shelf.ts:42:43 EOS224 a list is compared with nothing; expected a list beside the single read; leave `whole` out: a list alone is always whole' },
  { claim: 'refuses to exclude what is always set', check: checkRules, file: SHELF, from: "['carving', 'combination']", to: "['carving', 'label']", says: 'src/resources/consul/shelf.ts:49:15 EOS224 `label` is always set; expected fields that may be left out; mark it `?`' },
  { claim: 'refuses a sample of another type', check: checkSamples, file: SHELF, from: "'things.title': ['axe']", to: "'things.title': [7]", says: 'src/resources/consul/shelf.ts:58:58 EOS220 a sample of `things.title`: the value does not fit its place; expected what the schema says: it must be string; correct the sample or the field' },
  { claim: 'refuses to need the state of nothing', check: checkGiven, file: SHELF, from: "run: 'nomad_namespace.present'", to: "run: 'nomad_namespaces.present'", says: 'src/resources/consul/shelf.ts:50:18 EOS225 `nomad_namespaces.present` is the state of no resource; expected the state `present` of a declared resource; did you mean `nomad_namespace.present`?' },
  { claim: 'refuses to need a state with arguments that it does not take', check: checkGiven, file: SHELF, from: "with: { name: 'shelves' }", to: "with: { name: 'shelves', colour: 'red' }", says: 'src/resources/consul/shelf.ts:50:51 EOS225 `nomad_namespace.present`: key `colour` is unknown; expected the keys of the vocabulary; correct what is given' },
  { claim: 'refuses to come after nothing', check: checkAfter, file: SHELF, from: "  lost: 'answers-false',", to: "  lost: 'answers-false',\n  after: ['nomad_namespaces'],", says: 'src/resources/consul/shelf.ts:49:11 EOS226 consul_shelf comes after `nomad_namespaces`, which is no resource; expected a declared resource; did you mean `nomad_namespace`?' },
  { claim: 'refuses an order in a circle', check: checkOrder, file: NAMESPACE, from: '  samples: {', to: "  after: ['consul_shelf'],\n  samples: {", says: 'src/resources/consul/shelf.ts:50:18 EOS227 resources come after each other in a cycle: consul_shelf → nomad_namespace → consul_shelf; expected an order without a cycle; take one of the names out of `after`' },
]
