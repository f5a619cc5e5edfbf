import { mkdir, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { cached, cachePath } from '../run/cache.ts'
import { run } from '../run/command.ts'
import { fingerprintOf } from '../run/fingerprint.ts'
import { step } from '../run/progress.ts'
import { projectPath } from '../run/project.ts'
import { pack } from '../debian/own-package.ts'

/** Version that OpenTofu sees: the real provider's whose schema it has, marked as what it is. */
const VERSION = '2.6.1+standin'
const MIRROR = '/usr/share/eos/terraform-providers'
/** OpenTofu and Terraform look the same source up under two host names. */
const REGISTRIES = ['registry.opentofu.org', 'registry.terraform.io'] as const

/** Returns the .deb with the stand-in for hashicorp/nomad as a filesystem mirror; its component is `terraform`. */
export async function providerPackage(): Promise<string> {
  const source = await builtProvider()
  const files = REGISTRIES.map((registry) => ({
    source,
    target: `${MIRROR}/${registry}/hashicorp/nomad/${VERSION}/linux_amd64/terraform-provider-nomad_v2.6.1`,
    mode: 0o755,
  }))
  return pack({ name: 'opentofu-provider-nomad', version: VERSION, files })
}

/** Returns the path of the stand-in, built where the cache lacks this source. */
export async function builtProvider(): Promise<string> {
  const folder = projectPath('kitchen', 'provider')
  const key = await fingerprintOf(folder)
  return cached(cachePath('servers', `provider-nomad-${key}`, 'terraform-provider-nomad_v2.6.1'), (unfinished) =>
    step('building the stand-in for the Nomad provider (about 25 s, once)', async () => {
      await mkdir(dirname(unfinished), { recursive: true })
      try {
        await run('go', ['build', '-mod=readonly', '-trimpath', '-ldflags', '-s -w', '-o', unfinished, '.'], {
          cwd: folder,
          env: { CGO_ENABLED: '0', GOWORK: 'off' },
        })
      } catch (thrown) {
        await rm(unfinished, { force: true })
        throw thrown
      }
    }),
  )
}
