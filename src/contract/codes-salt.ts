import type { Meaning } from './meaning.ts'

/** EOS4xx: loading the generated tree into real Salt, in `kitchen/check`. */
export const SALT = {
  EOS401: {
    what: 'a file does not render',
    expected: 'an SLS that renders for every topology',
    advice: 'read Salt’s own words; correct the declaration or the emitter',
    example: 'an SLS that raises for a node without the component',
  },
  EOS402: {
    what: 'an include does not exist',
    expected: 'an SLS of that name in the tree',
    advice: 'correct the name',
    example: 'include: [eos.conusl]',
  },
  EOS403: {
    what: 'a requisite names a state that does not exist',
    expected: 'the module and id of a state of the same run',
    advice: 'correct the id, or declare the state',
    example: 'require: [{salt: consul on n9}]',
  },
  EOS404: {
    what: 'one id uses the same state module twice',
    expected: 'one function of a module per id',
    advice: 'give the second state an id of its own',
    example: 'deploy: {salt.state: […], salt.function: […]}',
  },
  EOS405: {
    what: 'a state function does not exist',
    expected: 'a function that the pinned Salt, with this wheel, loads on a node of that role',
    advice: 'correct `run`, or write the state module',
    example: "run: 'consul_acl_polcy.present'",
  },
  EOS406: {
    what: 'an execution function or runner does not exist',
    expected: 'a function that the pinned Salt, with this wheel, loads',
    advice: 'correct the name, or write it',
    example: "runner: 'eos.isue'",
  },
  EOS407: {
    what: 'an argument is unknown',
    expected: 'an argument of the signature, a documented one, a global state argument or one of the reviewed list',
    advice: 'correct the key in `with`',
    example: "with: { nmae: 'x' }",
  },
  EOS408: {
    what: 'a module does not import',
    expected: 'modules that import under the pinned Salt',
    advice: 'read the traceback',
    example: 'import of a helper that is not there',
  },
  EOS409: {
    what: 'an argument specification does not serialise',
    expected: 'defaults that msgpack can carry',
    advice: 'use None in place of an object',
    example: 'def present(name, client=Client):',
  },
  EOS410: {
    what: 'a required argument is missing',
    expected: 'every argument without a default',
    advice: 'add it to `with`',
    example: "run: 'file.symlink' without `target`",
  },
  EOS411: {
    what: 'an example of an event does not fit the check in the wheel',
    expected: 'generated checks of the same contract',
    advice: 'run `npm run generate`',
    example: 'generated/saltext/events/nomad_alloc.py without a verb of nomad_alloc.json',
  },
  EOS412: {
    what: 'a beacon does not load, or refuses its own drop-in',
    expected: '`beacon` and `validate` in saltext/eos/beacons, and defaults within the bounds',
    advice: 'write the module, or correct the defaults',
    example: 'src/beacons/oom.ts without saltext/eos/beacons/eos_oom.py',
  },
} as const satisfies Record<string, Meaning>
