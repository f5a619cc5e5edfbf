import type { Meaning } from './meaning.ts'

/** EOS2xx: the contract as a whole. */
export const CONTRACT = {
  EOS201: {
    what: 'a need that no component meets',
    expected: 'the registry key of a component in `needs`',
    advice: 'correct the name or declare the component',
    example: "needs: ['hots']",
  },
  EOS202: {
    what: 'components need each other in a cycle',
    expected: 'needs without a cycle; the whole cycle is printed',
    advice: 'remove one need, or split a component in two as vault and vault-open are',
    example: "consul needs vault, vault needs consul",
  },
  EOS210: {
    what: 'two writers of one file',
    expected: 'one component per path, and within it one value per key unless the conditions exclude each other',
    advice: 'let one of the two write it',
    example: "path: '/etc/consul.d/eos.json' in two components",
  },
  EOS211: {
    what: 'two writers of one port',
    expected: 'a default port per node that nobody else takes',
    advice: 'choose another default',
    example: 'https: Default<Port, 8501> in two components',
  },
  EOS212: {
    what: 'two writers of one unit',
    expected: 'one component per systemd unit',
    advice: 'let one of the two run it',
    example: "unit: 'consul.service' in two components",
  },
  EOS213: {
    what: 'two writers of one field',
    expected: 'one declaration per pillar key',
    advice: 'keep one of the two',
    example: "each: 'app' in two components",
  },
  EOS214: {
    what: 'two entries for one file disagree about the file itself',
    expected: 'the same format, mode, owner and reload in every entry of one path',
    advice: 'make them equal',
    example: "mode: '0640' in one entry, '0644' in the other",
  },
  EOS215: {
    what: 'a component per application has what a host has once',
    expected: 'states only: no packages, storage, files, unit, identity or ports',
    advice: 'give them to a component that exists once',
    example: "each: 'app', … unit: 'app.service'",
  },
  EOS220: {
    what: 'an example does not satisfy its own schema',
    expected: 'every required field, no read-only one, and values of the declared types',
    advice: 'correct the example or the field',
    example: "examples: { minimal: { description: 'x' } }  // name is missing",
  },
  EOS221: {
    what: 'a default does not satisfy its own type',
    expected: 'a value that the type of the field allows',
    advice: 'correct the default or the type',
    example: 'https: Default<Port, 99999>',
  },
  EOS222: {
    what: 'a resource has no key `name`',
    expected: 'a field `name: Key<string>`, which Salt passes to every state',
    advice: 'call the identifying field `name`',
    example: 'interface Namespace { title: Key<string> }',
  },
  EOS230: {
    what: 'the verbs of an event and their descriptions differ',
    expected: 'one entry in `verbs` for each verb of the interface',
    advice: 'describe the verb, or take it out of the interface',
    example: "verb: 'failed' | 'lost' and verbs: { failed: {…} }",
  },
  EOS231: {
    what: 'a tag does not say what happened to whom',
    expected: '`eos/<path of the file>/{verb}/{subject.…}`',
    advice: 'write the path, the verb and leaves of the subject',
    example: "tag: 'eos/nomad/alloc/{verb}'",
  },
  EOS232: {
    what: 'the id of a verb is the same for every fact',
    expected: 'references to what makes one occurrence unique',
    advice: 'name the subject, and {mark} where it can happen twice',
    example: "id: 'alloc:failed'",
  },
  EOS233: {
    what: 'a beacon raises an event that nobody declares',
    expected: 'the registry key of an event in `raises`',
    advice: 'correct the name or declare the event',
    example: "raises: ['kernel/omm']",
  },
  EOS234: {
    what: 'the bounds of a beacon do not fit their field',
    expected: 'bounds of a whole number, the smaller one first, the default between them',
    advice: 'correct the bounds or the field',
    example: 'bounds: { burst: [100, 1] }',
  },
  EOS235: {
    what: 'a setting of a beacon that no drop-in can hold',
    expected: 'a plain field with a default or `?`, under a name that Salt does not use itself',
    advice: 'rename it, or give it a default',
    example: 'export interface Oom { interval: Default<Integer, 1> }',
  },
  EOS236: {
    what: 'a verb that wakes a person does not say what to do, or one that does not says it',
    expected: '`advice` for the severities warning and critical, and for these only',
    advice: 'say what a person is to do, or change the severity',
    example: "failed: { severity: 'critical', raised: '…', says: '…', id: '…', example: {…} }",
  },
  EOS240: {
    what: 'a policy waits for what never happens',
    expected: '`<event>/<verb>` of declared events in `on`',
    advice: 'correct the name or declare the verb',
    example: "on: ['nomad/alloc/faild']",
  },
  EOS241: {
    what: 'a policy matches a leaf with a value that it never has',
    expected: 'a value, or a list of values, that the type of the leaf allows in every occurrence',
    advice: 'take one of the values that exist',
    example: "match: { 'verdict.cause': 'explict' }",
  },
  EOS242: {
    what: 'the key of a policy does not name what it is about',
    expected: 'at least one leaf; for an act the leaves that say what is acted on',
    advice: 'add the leaf to `key`',
    example: "key: [], or act: { do: 'apply', … } and no node in `key`",
  },
  EOS243: {
    what: 'a policy acts on a component that cannot be acted on so',
    expected: 'a component of the stack that runs on hosts',
    advice: 'correct the name, or take another act',
    example: "act: { do: 'apply', component: 'app' }",
  },
  EOS244: {
    what: 'a policy would act before the fact has settled',
    expected: 'occurrences that settle, or `layerBelow` in `require`',
    advice: 'say how far the layer below must be, or give the verb a quiet time',
    example: "on: ['consul/service/critical'], require: {}, act: { do: 'deregister' }",
  },
} as const satisfies Record<string, Meaning>
