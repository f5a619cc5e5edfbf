import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { environmentOf } from '../../../kitchen/python/environments.ts'
import { KINDS } from './objects.ts'
import type { Command, Said, Step, Tool } from './tool.ts'

const PLAYBOOK = fileURLToPath(new URL('playbook.yml', import.meta.url))

/** Ansible with community.general's modules, and `uri` where there is none, on this host itself. */
export function ansibleTool(): Tool {
  return {
    name: 'Ansible',
    kinds: KINDS,
    isIdle: false,
    read: readAnsible,
    prepare: async (folder, place, objects) => {
      const python = join(await environmentOf('ansible'), 'bin')
      const [nomad, consul] = [new URL(place.nomad), new URL(place.consul)]
      await copyFile(PLAYBOOK, join(folder, 'playbook.yml'))
      await writeFile(join(folder, 'empty.yml'), '- hosts: all\n  gather_facts: false\n  tasks: []\n')
      await writeFile(join(folder, 'ansible.cfg'), `[connection]\npipelining = true\n[defaults]\nlocal_tmp = ${join(folder, 'tmp')}\nremote_tmp = ${join(folder, 'tmp')}\n`)
      await writeFile(join(folder, 'objects.json'), JSON.stringify({ ...objects, keys_wanted: objects.keys, nomad: { host: nomad.hostname, port: Number(nomad.port) }, consul: { host: consul.hostname, port: Number(consul.port) }, ca: place.ca }))
      await writeFile(join(folder, 'tokens.json'), JSON.stringify({ nomad_token: await readFile(place.nomadToken, 'utf8'), consul_token: await readFile(place.consulToken, 'utf8') }), { mode: 0o600 })
      // python-nomad and py-consul take the authority from here: the modules have no argument for it.
      const env = { ANSIBLE_CONFIG: join(folder, 'ansible.cfg'), ANSIBLE_HOME: join(folder, 'home'), ANSIBLE_NOCOLOR: '1', REQUESTS_CA_BUNDLE: place.ca, LC_ALL: 'C.UTF-8' }
      const call = (book: string, ...args: readonly string[]): Command => ({
        program: join(python, 'ansible-playbook'),
        args: ['-i', 'localhost,', '-c', 'local', '-e', `ansible_python_interpreter=${join(python, 'python')}`, '-e', '@objects.json', '-e', '@tokens.json', book, ...args],
        cwd: folder,
        env,
      })
      return { start: call('empty.yml'), first: call('playbook.yml'), 'no-op': call('playbook.yml'), test: call('playbook.yml', '--check') }
    },
  }
}

/** Reads the recap, and the last task's count of objects that were changed. */
export function readAnsible(step: Step, code: number, stdout: string): Said {
  const [, failed = '1', unreachable = '0'] = /failed=(\d+)/.exec(stdout) ?? []
  const recap = Number(failed) + Number(unreachable)
  if (step === 'start') return { seen: null, changed: 0, failed: code === 0 ? 0 : 1 }
  const counted = /objects changed: (\d+)/.exec(stdout)
  return { seen: null, changed: Number(counted?.[1] ?? 0), failed: recap + (code === 0 && counted !== null ? 0 : 1) }
}
