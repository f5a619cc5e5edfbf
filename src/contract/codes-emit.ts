import type { Meaning } from './meaning.ts'

/** EOS3xx: emitting and comparing. */
export const EMIT = {
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
  EOS320: {
    what: 'a declared hook has no function',
    expected: 'a function of that name in saltext/eos/hooks/<declaration>.py; in saltext/eos/heal_checks.py for a policy',
    advice: 'write it, or take the hook away',
    example: "hooks: ['derive']  // and no def derive",
  },
  EOS321: {
    what: 'a function is the hook of nobody',
    expected: 'a declaration that names each function of a hook’s form',
    advice: 'remove the function, or declare it',
    example: 'def is_ready(values, context):  # and no probe names it',
  },
} as const satisfies Record<string, Meaning>
