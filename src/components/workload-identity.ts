import { defineComponent, type Secret } from '../schema/index.ts'

/** Workload identity: what a job is, Nomad signs; Vault and Consul give it secrets and names for that, and no job carries a token. */
export interface WorkloadIdentity {
  /** Secret id of the identity `eos-terraform`, with which the Terraform node gets short-lived Nomad tokens and writes secrets of applications. */
  terraformSecretId: Secret<'uuid'>
}
declare module '../schema/index.ts' {
  interface Components {
    'workload-identity': WorkloadIdentity
  }
}

export default defineComponent<WorkloadIdentity>({
  on: 'host',
  class: 'core',
  needs: ['tls', 'consul', 'consul-acl', 'vault', 'vault-open', 'nomad', 'nomad-acl', 'nomad-tokens', 'vault-gate'],
  memory: [{ floor: '1MiB', want: '1MiB', burst: '1MiB' }],
  converge: [
    {
      id: 'Vault trusts Nomad',
      run: 'eos_vault.auth_present',
      with: {
        name: 'jwt-nomad',
        address: { $text: 'https://127.0.0.1:{vault.api}' },
        secret_id: { $: 'vault-open.adminSecretId' },
        type: 'jwt',
        description: 'Jobs, by the identity that Nomad signs.',
      },
    },
    {
      id: 'Vault asks Nomad for its keys',
      run: 'eos_vault.written',
      with: {
        name: 'auth/jwt-nomad/config',
        address: { $text: 'https://127.0.0.1:{vault.api}' },
        secret_id: { $: 'vault-open.adminSecretId' },
        data: {
          jwks_url: { $text: 'https://127.0.0.1:{nomad.https}/.well-known/jwks.json' },
          jwt_supported_algs: ['RS256', 'EdDSA'],
          default_role: 'nomad-workloads',
        },
        authority: 'jwks_ca_pem',
      },
    },
    {
      id: 'policy of jobs in Vault',
      run: 'eos_vault.policy_present',
      with: {
        name: 'nomad-workloads',
        address: { $text: 'https://127.0.0.1:{vault.api}' },
        secret_id: { $: 'vault-open.adminSecretId' },
        accessor_of: 'jwt-nomad',
        rules: {
          'kv/data/{{identity.entity.aliases.ACCESSOR.metadata.nomad_namespace}}/{{identity.entity.aliases.ACCESSOR.metadata.nomad_job_id}}/*': ['read'],
          'kv/metadata/{{identity.entity.aliases.ACCESSOR.metadata.nomad_namespace}}/{{identity.entity.aliases.ACCESSOR.metadata.nomad_job_id}}/*': ['list'],
        },
      },
    },
    {
      id: 'role of jobs in Vault',
      run: 'eos_vault.written',
      with: {
        name: 'auth/jwt-nomad/role/nomad-workloads',
        address: { $text: 'https://127.0.0.1:{vault.api}' },
        secret_id: { $: 'vault-open.adminSecretId' },
        data: {
          role_type: 'jwt',
          bound_audiences: ['vault.io'],
          // Not the job's id alone: two jobs of one name in two namespaces would share an entity, and read each other's secrets.
          user_claim: '/extra_claims/nomad_workload_id',
          user_claim_json_pointer: true,
          claim_mappings: {
            nomad_namespace: 'nomad_namespace',
            nomad_job_id: 'nomad_job_id',
            nomad_task: 'nomad_task',
          },
          token_type: 'service',
          token_policies: ['nomad-workloads'],
          token_period: 1800,
          token_explicit_max_ttl: 0,
        },
      },
    },
    {
      id: 'Consul trusts Nomad',
      run: 'eos_consul.auth_method_present',
      with: {
        name: 'nomad-workloads',
        address: { $text: 'https://127.0.0.1:{consul.https}' },
        token: { $: 'consul-acl.managementToken' },
        description: 'Services and tasks of jobs, by the identity that Nomad signs.',
        config: {
          JWKSURL: { $text: 'https://127.0.0.1:{nomad.https}/.well-known/jwks.json' },
          JWTSupportedAlgs: ['RS256'],
          BoundAudiences: ['consul.io'],
          ClaimMappings: {
            nomad_namespace: 'nomad_namespace',
            nomad_job_id: 'nomad_job_id',
            nomad_task: 'nomad_task',
            nomad_service: 'nomad_service',
          },
        },
      },
    },
    {
      id: 'policy of tasks in Consul',
      run: 'eos_consul.policy_present',
      with: {
        name: 'nomad-tasks',
        address: { $text: 'https://127.0.0.1:{consul.https}' },
        token: { $: 'consul-acl.managementToken' },
        description: 'What tasks of jobs may look up: services and nodes, no keys.',
        rules: { node_prefix: { '': { policy: 'read' } }, service_prefix: { '': { policy: 'read' } } },
      },
    },
    {
      id: 'role of tasks in Consul',
      run: 'eos_consul.role_present',
      with: {
        name: 'nomad-tasks',
        address: { $text: 'https://127.0.0.1:{consul.https}' },
        token: { $: 'consul-acl.managementToken' },
        description: 'Tasks of jobs.',
        policies: ['nomad-tasks'],
      },
    },
    {
      id: 'services of jobs register themselves',
      run: 'eos_consul.binding_rule_present',
      with: {
        name: 'services of jobs',
        address: { $text: 'https://127.0.0.1:{consul.https}' },
        token: { $: 'consul-acl.managementToken' },
        auth_method: 'nomad-workloads',
        bind_type: 'service',
        bind_name: '${value.nomad_service}',
        selector: '"nomad_service" in value',
      },
    },
    {
      id: 'tasks of jobs look up services',
      run: 'eos_consul.binding_rule_present',
      with: {
        name: 'tasks of jobs',
        address: { $text: 'https://127.0.0.1:{consul.https}' },
        token: { $: 'consul-acl.managementToken' },
        auth_method: 'nomad-workloads',
        bind_type: 'role',
        bind_name: 'nomad-tasks',
        selector: '"nomad_service" not in value',
      },
    },
    {
      id: 'policy of Terraform in Vault',
      run: 'eos_vault.policy_present',
      with: {
        name: 'eos-terraform',
        address: { $text: 'https://127.0.0.1:{vault.api}' },
        secret_id: { $: 'vault-open.adminSecretId' },
        rules: {
          'nomad/creds/terraform': ['read'],
          'nomad/creds/foundation': ['read'],
          'kv/data/+/+/*': ['create', 'read', 'update'],
          'kv/metadata/+/+/*': ['read', 'list'],
        },
      },
    },
    {
      id: 'identity of Terraform in Vault',
      run: 'eos_vault.approle_present',
      with: {
        name: 'eos-terraform',
        address: { $text: 'https://127.0.0.1:{vault.api}' },
        secret_id: { $: 'vault-open.adminSecretId' },
        role_secret_id: { $: 'terraformSecretId' },
        policies: ['eos-terraform'],
        token_ttl: 3600,
        token_max_ttl: 14400,
      },
    },
    {
      id: 'secret of the canary',
      run: 'eos_vault.canary',
      with: {
        name: 'default/eos-canary/probe',
        address: { $text: 'https://127.0.0.1:{vault.api}' },
        secret_id: { $: 'vault-open.adminSecretId' },
      },
    },
    {
      id: 'canary job',
      run: 'eos_nomad.canary_job',
      with: {
        name: 'eos-canary',
        address: { $text: 'https://127.0.0.1:{nomad.https}' },
        token: { $: 'nomad-acl.managementToken' },
        datacenter: { $: 'consul.datacenter' },
      },
    },
  ],
  gate: {
    within: '120s',
    probes: [
      {
        by: 'hook',
        hook: 'terraform_gets_a_token',
        why: "Vault's Nomad engine has no valid management token, or the policy terraform is missing",
      },
      {
        by: 'hook',
        hook: 'canary_has_its_identity',
        why: "a job gets no token: Vault or Consul cannot fetch Nomad's keys, or a policy was changed by hand",
      },
    ],
  },
  backup: 'nothing-to-keep',
})
