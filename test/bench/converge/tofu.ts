import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { builtProvider } from '../../../kitchen/provider/package.ts'
import { run } from '../../../kitchen/run/command.ts'
import { builtServer } from '../../../kitchen/servers/build.ts'
import { serverNamed } from '../../../kitchen/servers/catalogue.ts'
import type { Row } from '../../fault/harness/value.ts'
import { TOFU_KINDS, type Wanted } from './objects.ts'
import type { Command, Place, Said, Step, Tool } from './tool.ts'

const PROVIDER = 'registry.opentofu.org/hashicorp/nomad/2.6.1+standin/linux_amd64'

/** OpenTofu with the stand-in for Nomad's provider; a root of its own with local state. */
export function tofuTool(): Tool {
  return {
    name: 'OpenTofu',
    kinds: TOFU_KINDS,
    isIdle: false,
    read: readTofu,
    prepare: async (folder, place, objects) => {
      const program = await builtServer(serverNamed('tofu'))
      await mkdir(join(folder, 'mirror', PROVIDER), { recursive: true })
      await copyFile(await builtProvider(), join(folder, 'mirror', PROVIDER, 'terraform-provider-nomad_v2.6.1'))
      await writeFile(join(folder, 'rc'), `disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror {\n    path = "${join(folder, 'mirror')}"\n  }\n}\n`)
      await writeFile(join(folder, 'main.tf.json'), JSON.stringify(rootOf(place, objects), null, 1))
      await writeFile(join(folder, 'token.auto.tfvars.json'), JSON.stringify({ nomad_token: await readFile(place.nomadToken, 'utf8') }), { mode: 0o600 })
      const env = { TF_CLI_CONFIG_FILE: join(folder, 'rc'), CHECKPOINT_DISABLE: '1', TF_IN_AUTOMATION: '1' }
      await run(program, ['init', '-input=false', '-no-color'], { cwd: folder, env })
      const call = (...args: readonly string[]): Command => ({ program, args, cwd: folder, env })
      const apply = call('apply', '-input=false', '-no-color', '-auto-approve')
      return { start: call('version'), first: apply, 'no-op': apply, test: call('plan', '-input=false', '-no-color', '-detailed-exitcode') }
    },
  }
}

function rootOf(place: Place, { namespaces, jobs }: Wanted): Row {
  return {
    terraform: { required_providers: { nomad: { source: 'hashicorp/nomad' } } },
    variable: { nomad_token: { type: 'string', ephemeral: true, sensitive: true } },
    provider: { nomad: { address: place.nomad, ca_file: place.ca, secret_id: '${var.nomad_token}' } },
    resource: {
      nomad_namespace: Object.fromEntries(namespaces.map((one) => [one.name, one])),
      nomad_job: Object.fromEntries(jobs.map(({ name, jobspec }) => [name, { jobspec, json: true }])),
    },
  }
}

/** Counts what an apply or a plan says at its end. */
export function readTofu(step: Step, code: number, stdout: string): Said {
  const done = /(\d+) added, (\d+) changed, (\d+) destroyed/.exec(stdout) ?? /(\d+) to add, (\d+) to change, (\d+) to destroy/.exec(stdout)
  const isSaid = step === 'start' || done !== null || stdout.includes('No changes.')
  const changed = (done?.slice(1) ?? []).reduce((sum, one) => sum + Number(one), 0)
  return { seen: null, changed, failed: isSaid && (code === 0 || (step === 'test' && code === 2)) ? 0 : 1 }
}
