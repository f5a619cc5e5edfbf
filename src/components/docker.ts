import { defineComponent, type Default, type Roles } from '../schema/index.ts'

/** Docker: the engine that Nomad runs containers with. */
export interface Docker {
  /** What a node does here. */
  role: Roles<'engine'>
  /** Registries whose certificate comes from a CA of their own: host and port, and that CA as PEM. */
  registries: Default<Record<string, string>, {}>
}
declare module '../schema/index.ts' {
  interface Components {
    docker: Docker
  }
}

export default defineComponent<Docker>({
  on: 'host',
  class: 'core',
  needs: ['host'],
  packages: ['docker.io'],
  unit: 'docker.service',
  memory: [{ floor: '128MiB', want: '256MiB', burst: '512MiB' }],
  storage: { '/etc/docker': 'local' },
  prepare: [
    {
      id: 'authorities of registries',
      run: 'eos_docker.registries',
      with: { name: '/etc/docker/certs.d', registries: { $: 'registries' } },
    },
  ],
  files: [
    {
      path: '/etc/docker/daemon.json',
      format: 'json',
      reload: 'restart',
      data: {
        'live-restore': true,
        'log-driver': 'json-file',
        'log-opts': { 'max-size': '10m', 'max-file': '3' },
      },
    },
  ],
  gate: {
    within: '60s',
    probes: [
      {
        by: 'command',
        run: ['docker', 'version', '--format', '{{json .Server.Version}}'],
        isNot: '',
        why: 'the engine did not start: /etc/docker/daemon.json, or the storage driver on this file system',
      },
    ],
  },
  backup: 'nothing-to-keep',
})
