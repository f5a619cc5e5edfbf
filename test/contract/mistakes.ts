import type { Check } from '../../src/contract/check.ts'
import { checkBounds, checkRaises, checkSettings } from '../../src/contract/check-beacons.ts'
import { checkIds, checkPayloads, checkTags, checkVerbs } from '../../src/contract/check-events.ts'
import { checkMerges } from '../../src/contract/check-merges.ts'
import { checkCycle, checkNeeds } from '../../src/contract/check-needs.ts'
import { checkDefaults, checkExamples, checkKeys } from '../../src/contract/check-values.ts'
import { checkEach, checkFieldWriters, checkFileWriters, checkPortWriters, checkUnitWriters } from '../../src/contract/check-writers.ts'
import type { Mistake } from '../support/mistake.ts'

const APP = 'src/components/app.ts'
const CONSUL = 'src/components/consul.ts'
const TLS = 'src/components/tls.ts'
const HOST = 'src/components/host.ts'
const NAMESPACE = 'src/resources/nomad/namespace.ts'

const LAMP = 'src/events/house/lamp.ts'
const DUSK = 'src/beacons/dusk.ts'

/** Mistakes that only the contract as a whole shows, each with the check that finds it. */
export const CONTRACT_MISTAKES: readonly (Mistake & { readonly check: Check })[] = [
  {
    claim: 'refuses an event with a verb that it does not describe',
    check: checkVerbs,
    file: LAMP,
    from: "verb: 'lit' | 'broken'",
    to: "verb: 'lit' | 'broken' | 'stolen'",
    says: 'src/events/house/lamp.ts:41:3 EOS230 verb `stolen` is not described; expected an entry in `verbs` for each verb of the interface; describe it, or take it out of the interface',
  },
  {
    claim: 'refuses the description of a verb that the interface does not have',
    check: checkVerbs,
    file: LAMP,
    from: "verb: 'lit' | 'broken'",
    to: "verb: 'lit'",
    says: 'src/events/house/lamp.ts:50:5 EOS230 verb `broken` is not in the interface; expected a verb of the interface; there are `lit`',
  },
  {
    claim: 'refuses an example that lacks a leaf',
    check: checkPayloads,
    file: LAMP,
    from: ", shop: 'Lux & Söhne'",
    to: '',
    says: 'src/events/house/lamp.ts:55:169 EOS220 example of `broken`: key `shop` is missing; expected every required key; correct the example or the interface',
  },
  {
    claim: 'refuses an example with a leaf that the interface does not have',
    check: checkPayloads,
    file: LAMP,
    from: "shop: 'Lux & Söhne'",
    to: "shop: null, shopName: 'Lux'",
    says: 'src/events/house/lamp.ts:55:209 EOS220 example of `broken`: key `shop_name` is unknown; expected the keys of the vocabulary; correct the example or the interface',
  },
  {
    claim: 'refuses an example with a whole number that JSON does not keep',
    check: checkPayloads,
    file: LAMP,
    from: 'hoursOfLightSinceSomebodyPutItIn: 1200',
    to: 'hoursOfLightSinceSomebodyPutItIn: 9007199254740993',
    says: 'src/events/house/lamp.ts:55:154 EOS220 example of `broken`: the value does not fit its place; expected what the schema says: it must be <= 9007199254740991; correct the example or the interface',
  },
  {
    claim: 'refuses a tag of another path than its file',
    check: checkTags,
    file: LAMP,
    from: "tag: 'eos/house/lamp/",
    to: "tag: 'eos/house/light/",
    says: 'src/events/house/lamp.ts:40:8 EOS231 tag `eos/house/light/{verb}/{subject.room}/{subject.lamp_place}` does not say what happened to whom; expected `eos/house/lamp/{verb}/{subject.…}`, the path of the file and the subject around the verb; write the path, the verb and leaves of the subject',
  },
  {
    claim: 'refuses an example of an event that could not be sent',
    check: checkPayloads,
    file: LAMP,
    from: 'isSeen: true',
    to: 'isSeen: 1',
    says: 'src/events/house/lamp.ts:48:95 EOS220 example of `lit`: the value does not fit its place; expected what the schema says: it must be boolean; correct the example or the interface',
  },
  {
    claim: 'refuses a tag that names nobody',
    check: checkTags,
    file: LAMP,
    from: '{verb}/{subject.room}/{subject.lampPlace}',
    to: '{verb}',
    says: 'src/events/house/lamp.ts:40:8 EOS231 tag `eos/house/lamp/{verb}` does not say what happened to whom; expected `eos/house/lamp/{verb}/{subject.…}`, the path of the file and the subject around the verb; write the path, the verb and leaves of the subject',
  },
  {
    claim: 'refuses one id for all facts of a verb',
    check: checkIds,
    file: LAMP,
    from: "id: 'lamp:{subject.room}:{subject.lampPlace}:broken'",
    to: "id: 'lamp:broken'",
    says: 'src/events/house/lamp.ts:54:11 EOS232 the id of `broken` is the same for every fact; expected references to the subject, and {mark} where it can happen twice; name what makes one occurrence unique',
  },
  {
    claim: 'refuses a beacon that raises what nobody declares',
    check: checkRaises,
    file: DUSK,
    from: "raises: ['house/lamp']",
    to: "raises: ['house/lapm']",
    says: 'src/beacons/dusk.ts:16:12 EOS233 dusk raises `house/lapm`, which is no event; expected the registry key of an event; did you mean `house/lamp`?',
  },
  {
    claim: 'refuses bounds that leave out the default',
    check: checkBounds,
    file: DUSK,
    from: '[1, 100000]',
    to: '[1, 100]',
    says: 'src/beacons/dusk.ts:17:24 EOS234 the default of `threshold` is 400; expected a value from 1 to 100; correct the bounds or the field',
  },
  {
    claim: 'refuses bounds of what is no whole number',
    check: checkBounds,
    file: DUSK,
    from: 'threshold: [1, 100000]',
    to: 'lasting: [1, 100000]',
    says: 'src/beacons/dusk.ts:17:22 EOS234 `lasting` has bounds and is no whole number; expected a field of type Integer; correct the bounds or the field',
  },
  {
    claim: 'refuses bounds with the larger value first',
    check: checkBounds,
    file: DUSK,
    from: '[1, 100000]',
    to: '[100000, 1]',
    says: 'src/beacons/dusk.ts:17:24 EOS234 the bounds of `threshold` are the wrong way round; expected the smallest value first; correct the bounds or the field',
  },
  {
    claim: 'refuses a setting of a beacon without a default',
    check: checkSettings,
    file: DUSK,
    from: 'ignored: Default<string[], []>',
    to: 'ignored: string[]',
    says: 'src/beacons/dusk.ts:10:3 EOS235 `ignored` has no default; expected a default, or `?`, so that a minion needs no configuration; write `Default<…>`',
  },
  {
    claim: 'refuses a secret among the settings of a beacon',
    check: checkSettings,
    file: DUSK,
    from: 'ignored: Default<string[], []>',
    to: "ignored: Secret<'uuid'>",
    says: 'src/beacons/dusk.ts:10:3 EOS235 `ignored` cannot stand in a drop-in; expected a plain field: no Roles, Secret or ReadOnly; write its type without that word',
  },
  {
    claim: 'refuses a setting of a beacon that Salt reads itself',
    check: checkSettings,
    file: DUSK,
    from: 'ignored: Default<string[], []>',
    to: 'disableDuringStateRun: Default<boolean, true>',
    says: 'src/beacons/dusk.ts:10:3 EOS235 `disable_during_state_run` is a setting that Salt reads in every beacon; expected a name of its own; rename it',
  },
  {
    claim: 'refuses a need that is no component',
    check: checkNeeds,
    file: CONSUL,
    from: "needs: ['host', 'tls']",
    to: "needs: ['hots', 'tls']",
    says: 'src/components/consul.ts:25:11 EOS201 consul needs `hots`, which is no component; expected a component; did you mean `host`?',
  },
  {
    claim: 'prints the whole of a cycle',
    check: checkCycle,
    file: HOST,
    from: 'needs: []',
    to: "needs: ['consul']",
    says: 'src/components/consul.ts:25:11 EOS202 components need each other in a cycle: consul → host → consul; expected needs without a cycle; remove one of these needs, or split a component in two',
  },
  {
    claim: 'refuses two writers of one file',
    check: checkFileWriters,
    file: TLS,
    from: '  converge: [',
    to: "  files: [{ path: '/etc/consul.d/eos.json', format: 'json', data: { a: 1 } }],\n  converge: [",
    says: 'src/components/tls.ts:16:19 EOS210 file /etc/consul.d/eos.json has two writers: consul and tls; expected one writer; let one of the two write it',
  },
  {
    claim: 'refuses two values at one key of one file',
    check: checkMerges,
    file: CONSUL,
    from: "path: '/etc/consul.d/server.json', format: 'json', when: { role: 'server' }, reload: 'restart', data: { server: true,",
    to: "path: '/etc/consul.d/eos.json', format: 'json', mode: '0640', owner: 'root:consul', when: { role: 'server' }, reload: 'reload', data: { datacenter: 'dc2',",
    says: 'src/components/consul.ts:53:143 EOS210 key `datacenter` of /etc/consul.d/eos.json has two values; expected one value per key; write it in one entry only, or let the conditions exclude each other',
  },
  {
    claim: 'refuses entries of one file that disagree about it',
    check: checkMerges,
    file: CONSUL,
    from: "path: '/etc/consul.d/server.json', format: 'json', when: { role: 'server' }, reload: 'restart'",
    to: "path: '/etc/consul.d/eos.json', format: 'json', mode: '0644', owner: 'root:consul', when: { role: 'server' }, reload: 'reload'",
    says: 'src/components/consul.ts:53:61 EOS214 entries for /etc/consul.d/eos.json disagree about `mode`; expected the same value in every entry of one path; make them equal',
  },
  {
    claim: 'refuses two writers of one port',
    check: checkPortWriters,
    file: CONSUL,
    from: 'dns: Default<Port, 8600>',
    to: 'dns: Default<Port, 8301>',
    says: 'src/components/consul.ts:14:3 EOS211 port 8301 has two writers: consul.serf_lan and consul.dns; expected one writer; choose another default for one of the two',
  },
  {
    claim: 'refuses two writers of one unit',
    check: checkUnitWriters,
    file: TLS,
    from: "  runner: 'eos.issue',",
    to: "  runner: 'eos.issue',\n  unit: 'consul.service',",
    says: 'src/components/tls.ts:15:9 EOS212 unit consul.service has two writers: consul and tls; expected one writer; let one of the two run it',
  },
  {
    claim: 'refuses two components per application',
    check: checkFieldWriters,
    file: HOST,
    from: '  needs: [],',
    to: "  needs: [],\n  each: 'app',",
    says: 'src/components/host.ts:14:9 EOS213 field eos:apps has two writers: app and host; expected one writer; keep one of the two',
  },
  {
    claim: 'refuses a unit per application',
    check: checkEach,
    file: APP,
    from: "each: 'app',",
    to: "each: 'app',\n  unit: 'app.service',",
    says: 'src/components/app.ts:25:3 EOS215 app exists once per application, and has `unit`; expected states only; give it to a component that exists once',
  },
  {
    claim: 'refuses a default outside its type',
    check: checkDefaults,
    file: CONSUL,
    from: 'Default<Port, 8501>',
    to: 'Default<Port, 99999>',
    says: 'src/components/consul.ts:10:10 EOS221 the default of `https` does not satisfy its own type: it must be <= 65535; expected a value that the type of the field allows; correct the default or the type',
  },
  {
    claim: 'refuses a resource without a key name',
    check: checkKeys,
    file: NAMESPACE,
    from: 'name: Key<string>',
    to: 'name: string',
    says: 'src/resources/nomad/namespace.ts:6:3 EOS222 resource nomad_namespace has no key `name`; expected a field `name: Key<string>`; call the identifying field `name`',
  },
  {
    claim: 'refuses an example without a required field',
    check: checkExamples,
    file: NAMESPACE,
    from: "minimal: { name: 'batch' }",
    to: "minimal: { description: 'x' }",
    says: 'src/resources/nomad/namespace.ts:29:14 EOS220 example `minimal`: key `name` is missing; expected every required key; correct the example or the field',
  },
  {
    claim: 'refuses an example with a value of another type',
    check: checkExamples,
    file: NAMESPACE,
    from: "meta: { owner: 'web-team' }",
    to: 'meta: { owner: 5 }',
    says: 'src/resources/nomad/namespace.ts:30:75 EOS220 example `described`: the value does not fit its place; expected what the schema says: it must be string; correct the example or the field',
  },
]
