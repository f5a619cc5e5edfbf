import { defineResource, type Default, type Key, type Matching, type Text } from '../../schema/index.ts'

/** A Nomad ACL policy: named rules that tokens and roles carry. */
export interface AclPolicy {
  /** Name that tokens, roles and binding rules refer to. */
  name: Key<Matching<'^[a-zA-Z0-9-]{1,128}$', 'letters, digits and `-`, at most 128'>>
  /** What the policy is for. */
  description: Default<Text<256>, ''>
  /** What it allows, in HCL or JSON. */
  rules: string
  /** The job whose allocations have the policy without a token: their workload identity brings it. Given, it is all of it; left out, it stays as it is. */
  jobAcl?: {
    /** Namespace of the job. */
    namespace: string
    /** Id of the job; every job of the namespace when left out. */
    jobId?: string
    /** Group of the job; every group when left out. */
    group?: string
    /** Task of the group; every task when left out. */
    task?: string
  }
}

export default defineResource<AclPolicy>({
  service: 'nomad',
  wire: { case: 'pascal', rename: { jobAcl: 'JobACL', 'jobAcl.jobId': 'JobID' } },
  find: { list: 'GET /v1/acl/policies', read: 'GET /v1/acl/policy/{name}' },
  create: 'PUT /v1/acl/policy/{name}',
  update: 'PUT /v1/acl/policy/{name}',
  delete: 'DELETE /v1/acl/policy/{name}',
  diff: { rules: 'hcl', jobAcl: 'whole' },
  samples: {
    rules: ['node { policy = "read" }', 'agent { policy = "write" }', 'namespace "default" {\n  capabilities = ["list-jobs", "read-job"]\n}'],
    'jobAcl.namespace': ['default', 'web'],
    jobAcl: [{ namespace: 'default', jobId: 'web' }, { namespace: 'default', jobId: 'api', group: 'one' }, { namespace: 'default' }],
  },
  after: ['nomad_namespace'],
  examples: {
    minimal: { name: 'read-nodes', rules: 'node { policy = "read" }' },
    full: {
      name: 'web-variables',
      description: 'What the job web reads besides its own variables',
      rules: 'namespace "default" {\n  variables {\n    path "shared/*" {\n      capabilities = ["read"]\n    }\n  }\n}\n',
      jobAcl: { namespace: 'default', jobId: 'web', group: 'server', task: 'web' },
    },
  },
})
