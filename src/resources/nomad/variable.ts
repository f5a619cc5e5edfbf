import { defineResource, type Confidential, type Default, type Key, type Matching, type Slashed } from '../../schema/index.ts'

/** A Nomad variable: secret values that the tasks of a job read. It is written only if nobody else wrote since it was read. */
export interface Variable {
  /** Its path; a job reads what stands below `nomad/jobs/<job>` by itself. */
  name: Key<Slashed>
  /** Namespace that it belongs to. */
  namespace: Default<Key<Matching<'^[a-zA-Z0-9-]{1,128}$', 'letters, digits and `-`, at most 128'>>, 'default'>
  /** The values by name: each is given by the place where it lies, and never shown. */
  items: Record<string, Confidential>
}

export default defineResource<Variable>({
  service: 'nomad',
  wire: { case: 'pascal', rename: { name: 'Path' } },
  find: { list: 'GET /v1/vars?namespace=*', read: 'GET /v1/var/{name}?namespace={namespace}' },
  create: 'PUT /v1/var/{name}?namespace={namespace}&cas=0',
  update: 'PUT /v1/var/{name}?namespace={namespace}&cas={ModifyIndex}',
  delete: 'DELETE /v1/var/{name}?namespace={namespace}&cas={ModifyIndex}',
  diff: { items: 'whole' },
  samples: {
    name: ['nomad/jobs/web', 'shared/mail', 'certificates/a/b'],
    items: [{ password: { file: '/etc/eos/secrets/next' } }, { password: { file: '/etc/eos/secrets/web' }, user: { file: '/etc/eos/secrets/user' } }],
  },
  after: ['nomad_namespace'],
  examples: {
    minimal: { name: 'nomad/jobs/web', items: { password: { file: '/etc/eos/secrets/web' } } },
    full: {
      name: 'shared/mail',
      namespace: 'default',
      items: { user: { file: '/etc/eos/secrets/mail-user' }, password: { file: '/etc/eos/secrets/mail-password' } },
    },
  },
})
