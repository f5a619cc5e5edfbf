/** What a code stands for; `docs/errors.md` prints this table, and a test keeps the two equal. */
export interface Meaning {
  readonly what: string
  readonly expected: string
  readonly advice: string
  /** A line that causes it. */
  readonly example: string
}

/** EOS1xx: reading a declaration. */
const READ = {
  EOS101: {
    what: 'a file under a declaration folder declares nothing',
    expected: 'one `export default defineComponent<…>({…})`, `defineResource<…>` or `definePlan`, whose kind is that of the folder',
    advice: 'add it, or move the file away',
    example: 'export const consul = {}',
  },
  EOS102: {
    what: 'the interface of a declaration is absent or not exported',
    expected: 'an exported interface in the same file, named in the type argument of the define function',
    advice: 'declare `export interface Consul {…}` and write `defineComponent<Consul>`',
    example: 'export default defineComponent({ … })',
  },
  EOS103: {
    what: 'the registry line does not fit the file',
    expected: "`declare module '../schema/index.ts' { interface Components { '<path below src/components>': <Interface> } }`",
    advice: 'make the key equal to the path of the file',
    example: 'interface Components { consl: Consul }  // in consul.ts',
  },
  EOS104: {
    what: 'a name is reserved',
    expected: 'another name than init, apply, drift, stop, start, a plan, a key of the pillar or the head of a reference',
    advice: 'rename the declaration or the field',
    example: 'src/components/apply.ts',
  },
  EOS105: {
    what: 'two names become one',
    expected: 'names that stay different in snake_case',
    advice: 'rename one of the two',
    example: 'logLevel: string; log_level: string',
  },
  EOS106: {
    what: 'something is not documented',
    expected: 'a JSDoc sentence directly above it; it becomes user documentation',
    advice: 'say what it is for, with its unit',
    example: 'interface Consul { https: Port }',
  },
  EOS107: {
    what: 'a statement has no business in a declaration file',
    expected: 'imports from the schema, interfaces, the registry line and one default export',
    advice: 'remove it; nothing of a declaration is ever executed',
    example: 'const port = 8501',
  },
  EOS110: {
    what: 'a type is outside the grammar of fields',
    expected: 'string, number, boolean, literals and their unions, T[], Record<string, T>, {…}, an interface of the same file, T | null, or a word of the schema',
    advice: 'write the field with one of these',
    example: 'https: Map<string, number>',
  },
  EOS111: {
    what: 'a union is outside the grammar of fields',
    expected: 'a union of literals, of interfaces that each have a literal `mode`, or of one type and null',
    advice: 'give each branch a `mode`, or split the field',
    example: 'data: string | number',
  },
  EOS112: {
    what: 'a word of a field is used wrongly',
    expected: 'a word with its own arguments, directly on a field',
    advice: 'compare the field with the words in src/schema/index.ts',
    example: "key: Secret<'hex'>",
  },
  EOS113: {
    what: 'a default is not a literal',
    expected: 'a string, number, boolean, null, list or object written as a type',
    advice: 'write the value itself as the second argument of Default',
    example: 'port: Default<Port, typeof standard>',
  },
  EOS120: {
    what: 'an expression is outside the grammar of literals',
    expected: 'a string, number, true, false, null, list or object; no spread, call, conditional, identifier, shorthand or computed key',
    advice: 'write the value itself',
    example: 'packages: [...common]',
  },
  EOS121: {
    what: 'a key is written twice in one object',
    expected: 'each key once',
    advice: 'remove one of the two',
    example: '{ https: 1, https: 2 }',
  },
  EOS122: {
    what: 'a part of a declaration has the wrong shape',
    expected: 'what the schema of the contract allows at that place',
    advice: 'correct the key or the value at the mark',
    example: "class: 'important'",
  },
  EOS130: {
    what: 'a reference points nowhere',
    expected: 'a field of this component, <component>.<field>, peers.<role>.address|id|count, node.*, stack.*, budget.*, derive.* or each.name',
    advice: 'take one of the paths that exist',
    example: "{ $: 'datacentre' }",
  },
  EOS131: {
    what: 'a reference to a component that is not needed',
    expected: 'every component whose field is used to stand in `needs`',
    advice: 'add it to `needs`',
    example: "needs: [], … { $: 'tls.caFile' }",
  },
  EOS132: {
    what: '`$` or `$text` is used wrongly',
    expected: "an object with `$` or `$text` alone, holding a string, inside `data`, `with` or `sans`; braces in `$text` around a path",
    advice: 'write `{ $: path }` for a value and `{ $text: "… {path} …" }` for text',
    example: "{ $: 'https', port: 1 }",
  },
  EOS133: {
    what: 'a name in the literal is not a field',
    expected: 'a field of the interface',
    advice: 'take one of the fields that exist',
    example: "ports: { htps: 'cluster' }",
  },
  EOS134: {
    what: 'a field is of the wrong kind for its place',
    expected: 'a Port where a port is named, a Secret where a secret is named',
    advice: 'name another field or change its type',
    example: "probes: [{ by: 'tcp', port: 'datacenter', … }]",
  },
  EOS135: {
    what: 'a `when` cannot hold',
    expected: 'fields with closed values (role, literal unions, booleans, `mode`) and one of their values',
    advice: 'take one of the values the field can have',
    example: "when: { role: 'sever' }",
  },
  EOS136: {
    what: 'the last entry of `memory` is conditional, or one before it is not',
    expected: 'entries with `when`, then one without it',
    advice: 'put the entry for everybody else last',
    example: "memory: [{ when: { role: 'server' }, … }]",
  },
  EOS137: {
    what: 'a `{name}` in a call is no field',
    expected: 'a field of the resource or an upper-case id of the server between braces',
    advice: 'take one of the fields that exist',
    example: "create: 'PUT /v1/namespace/{nmae}'",
  },
  EOS138: {
    what: 'a step of a plan names a step that is not there',
    expected: 'names of steps of the same plan, without a cycle',
    advice: 'take one of the steps that exist',
    example: "stack: { needs: ['prefligth'], … }",
  },
  EOS139: {
    what: 'the id of a state is used already',
    expected: 'an id that is unique in the component and none of guard, packages, identity, unit, reload, gate',
    advice: 'give the state an id that says what it is about',
    example: "prepare: [{ id: 'gate', … }]",
  },
  EOS190: {
    what: 'the compiler refuses the file',
    expected: 'a file that type-checks under tsconfig.json',
    advice: 'read the compiler’s own words',
    example: "reload: 'relaod'",
  },
} as const satisfies Record<string, Meaning>

/** EOS2xx: the contract as a whole. */
const CONTRACT = {
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
    what: 'a schema does not compile',
    expected: 'the keywords of declarations, in strict JSON Schema 2020-12',
    advice: 'report it: the reader should not have let it through',
    example: '(a bug of the generator)',
  },
} as const satisfies Record<string, Meaning>

/** EOS3xx: emitting and comparing. */
const EMIT = {
  EOS301: {
    what: 'two declarations make one file',
    expected: 'one source per generated file',
    advice: 'rename one of the two declarations',
    example: 'src/resources/nomad/acl-policy.ts and src/resources/nomad/acl_policy.ts',
  },
  EOS302: {
    what: 'a template uses a property that its model does not have',
    expected: 'the properties that the emitter puts into the model',
    advice: 'correct the template',
    example: '<$ resource.tilte $>',
  },
  EOS310: {
    what: 'a generated file differs from its source',
    expected: 'generated/ exactly as `npm run generate` writes it',
    advice: 'run `npm run generate` and commit the result',
    example: '(an edit by hand, or a forgotten run)',
  },
  EOS311: {
    what: 'a generated file has no source',
    expected: 'nothing under generated/ that the generator does not write',
    advice: 'run `npm run generate`, which removes it',
    example: '(a declaration was removed)',
  },
  EOS312: {
    what: 'a path under generated/ leads elsewhere',
    expected: 'plain files and folders; links are never followed',
    advice: 'remove the link',
    example: 'generated/docs -> /somewhere/else',
  },
} as const satisfies Record<string, Meaning>

/** Every error of the generator. */
export const CODES = { ...READ, ...CONTRACT, ...EMIT } as const

/** A code of the table. */
export type Code = keyof typeof CODES
