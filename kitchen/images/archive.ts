import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../run/command.ts'

/** What the engine is told about an image beside its files. */
export interface ImageConfig {
  readonly Entrypoint: readonly string[]
  readonly Env?: readonly string[]
  readonly User: string
  /** How the engine asks its program to end; SIGTERM when left out. */
  readonly StopSignal?: string
  readonly ExposedPorts?: Readonly<Record<string, Record<string, never>>>
}

/** Times inside an image, so that the same files give the same image wherever and whenever it is made. */
const MOMENT = '2026-01-01T00:00:00Z'
const DETERMINISTIC = ['--sort=name', `--mtime=${MOMENT}`, '--numeric-owner', '--format=gnu']

/** Packs the files below `root` as an image of one layer that `docker load` reads; returns nothing, writes `path`. */
export async function writeImage(path: string, root: string, tag: string, config: ImageConfig): Promise<void> {
  const folder = `${path}.parts`
  await mkdir(folder, { recursive: true })
  try {
    const layer = join(folder, 'layer.tar')
    await run('tar', [...DETERMINISTIC, '-C', root, '-cf', layer, '.'])
    const digest = await sha256(layer)
    const image = JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      created: MOMENT,
      config,
      rootfs: { type: 'layers', diff_ids: [`sha256:${digest}`] },
      history: [{ created: MOMENT, created_by: 'kitchen/images/build.ts' }],
    })
    const id = createHash('sha256').update(image).digest('hex')
    await rename(layer, join(folder, `${digest}.tar`))
    await writeFile(join(folder, `${id}.json`), image)
    const manifest = [{ Config: `${id}.json`, RepoTags: [tag], Layers: [`${digest}.tar`] }]
    await writeFile(join(folder, 'manifest.json'), JSON.stringify(manifest))
    await run('tar', [...DETERMINISTIC, '-C', folder, '-cf', path, '.'])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk)
  return hash.digest('hex')
}
