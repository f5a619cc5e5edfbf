import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../run/command.ts'
import { projectPath } from '../run/project.ts'
import { serverNamed } from '../servers/catalogue.ts'
import { builtServer } from '../servers/build.ts'
import { debianMirror, settings } from '../settings.ts'
import type { ImageConfig } from './archive.ts'

/** One image that the lab makes for Nomad jobs. */
export interface Recipe {
  readonly name: string
  readonly version: string
  /** Folder of what the recipe copies; its content is part of the image's key. */
  readonly folder?: string
  readonly config: ImageConfig
  /** Fills the folder that becomes the image's root. */
  readonly fill: (root: string) => Promise<void>
}

/** User and group of PostgreSQL in its image; the data volume of a database job is made for it. */
export const POSTGRES_ID = 5432
const NOBODY = '65534:65534'

const postgresql: Recipe = {
  name: 'postgresql',
  version: '15',
  folder: 'postgresql',
  config: {
    Entrypoint: ['/usr/local/bin/start'],
    User: `${POSTGRES_ID}:${POSTGRES_ID}`,
    Env: ['PATH=/usr/lib/postgresql/15/bin:/usr/local/bin:/usr/bin:/bin', 'LANG=C.UTF-8', 'PGDATA=/var/lib/postgresql/data'],
    ExposedPorts: { '5432/tcp': {} },
    // Fast shutdown, as in the official image: it does not wait for clients to leave.
    StopSignal: 'SIGINT',
  },
  fill: async (root) => {
    await run('debootstrap', ['--variant=minbase', settings.debianSuite, root, ...debianMirror])
    const inside = (...command: string[]) => run('chroot', [root, ...command], { env: { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' } })
    await inside('groupadd', '--gid', String(POSTGRES_ID), 'postgres')
    await inside('useradd', '--uid', String(POSTGRES_ID), '--gid', 'postgres', '--home-dir', '/var/lib/postgresql', 'postgres')
    // The package would make a cluster of its own: the image's start script does that on the volume.
    await mkdir(join(root, 'etc/postgresql-common'), { recursive: true })
    await writeFile(join(root, 'etc/postgresql-common/createcluster.conf'), 'create_main_cluster = false\n')
    await inside('apt-get', 'install', '--yes', '--no-install-recommends', 'postgresql-15', 'postgresql-client-15')
    await inside('apt-get', 'clean')
    // Compiling queries to machine code needs LLVM, which is half of the image; these databases are small.
    await inside('sh', '-c', 'rm -rf /var/lib/apt/lists/* /var/cache/* /var/log/* /usr/share/doc/* /usr/share/man/* /usr/lib/x86_64-linux-gnu/libLLVM* /usr/lib/postgresql/15/lib/llvmjit* /usr/lib/postgresql/15/lib/bitcode')
    for (const name of ['start', 'ready']) await program(root, name, projectPath('kitchen', 'images', 'postgresql', name))
    await mkdir(join(root, 'var/lib/postgresql/data'), { recursive: true })
  },
}

const miniflux: Recipe = {
  name: 'miniflux',
  version: serverNamed('miniflux').version,
  config: { Entrypoint: ['/usr/local/bin/miniflux'], User: NOBODY, ExposedPorts: { '8080/tcp': {} } },
  fill: async (root) => {
    await program(root, 'miniflux', await builtServer(serverNamed('miniflux')))
  },
}

const whoami: Recipe = {
  name: 'whoami',
  version: '1',
  folder: 'whoami',
  config: { Entrypoint: ['/usr/local/bin/whoami'], User: NOBODY, ExposedPorts: { '8080/tcp': {} } },
  fill: async (root) => {
    const binary = join(root, 'usr/local/bin/whoami')
    await mkdir(join(root, 'usr/local/bin'), { recursive: true })
    await run('go', ['build', '-trimpath', '-ldflags', '-s -w', '-o', binary, '.'], {
      cwd: projectPath('kitchen', 'images', 'whoami'),
      env: { CGO_ENABLED: '0', GOWORK: 'off', GOFLAGS: '-mod=readonly -buildvcs=false' },
    })
  },
}

/** Every image, by name. */
export const recipes: readonly Recipe[] = [postgresql, miniflux, whoami]

async function program(root: string, name: string, source: string): Promise<void> {
  const target = join(root, 'usr/local/bin', name)
  await mkdir(join(root, 'usr/local/bin'), { recursive: true })
  await mkdir(join(root, 'tmp'), { recursive: true })
  await chmod(join(root, 'tmp'), 0o1777)
  await copyFile(source, target)
  await chmod(target, 0o755)
}
