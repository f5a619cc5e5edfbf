import { readFile, mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { attempt, run } from '../run/command.ts'
import { needOnHost } from '../host/apt.ts'
import { cached, cachePath } from '../run/cache.ts'
import { fingerprint, fingerprintOf } from '../run/fingerprint.ts'
import { step } from '../run/progress.ts'
import { projectPath } from '../run/project.ts'
import { settings } from '../settings.ts'
import { writeImage } from './archive.ts'
import { recipes, type Recipe } from './recipes.ts'

/** An image that the engine of this machine holds under `tag`. */
export interface BuiltImage {
  readonly name: string
  readonly tag: string
}

/**
 * Makes the images that Nomad jobs run (PostgreSQL, Miniflux, whoami) and loads them into the engine: from the cache
 * where recipe and content are the same, without network. The tag names exactly that content.
 */
export async function buildImages(log: (line: string) => void): Promise<BuiltImage[]> {
  const built: BuiltImage[] = []
  for (const recipe of recipes) {
    const tag = await tagOf(recipe)
    const archive = await cached(cachePath('images', `${tag.replace(/[/:]/g, '-')}.tar`), (unfinished) => make(recipe, tag, unfinished))
    if ((await attempt('docker', ['image', 'inspect', tag])).code !== 0) {
      await run('docker', ['load', '--quiet', '--input', archive])
      log(`image ${tag} loaded`)
    }
    built.push({ name: recipe.name, tag })
  }
  return built
}

async function tagOf(recipe: Recipe): Promise<string> {
  const code = await Promise.all(['archive.ts', 'recipes.ts'].map((file) => readFile(projectPath('kitchen', 'images', file))))
  const parts = [...code, JSON.stringify(recipe.config), settings.debianSuite]
  if (recipe.folder !== undefined) parts.push(await fingerprintOf(projectPath('kitchen', 'images', recipe.folder)))
  else parts.push(await fingerprintOf(projectPath('kitchen', 'servers', recipe.name)))
  return `eos/${recipe.name}:${recipe.version}-${fingerprint(...parts)}`
}

async function make(recipe: Recipe, tag: string, path: string): Promise<void> {
  await step(`making the image ${recipe.name} ${recipe.version}`, async () => {
    await needOnHost({ '/usr/sbin/debootstrap': 'debootstrap', '/usr/share/ca-certificates/mozilla': 'ca-certificates' })
    const root = `${path}.root`
    await mkdir(dirname(path), { recursive: true })
    try {
      await mkdir(root, { recursive: true })
      await recipe.fill(root)
      await certificates(root)
      await writeImage(path, root, tag, recipe.config)
    } finally {
      await rm(root, { recursive: true, force: true })
    }
  })
}

/** Gives an image Debian's list of public certificate authorities: not the machine's, which may hold private ones. */
async function certificates(root: string): Promise<void> {
  const folder = join(root, 'etc/ssl/certs')
  await mkdir(folder, { recursive: true })
  await run('sh', ['-c', 'cat /usr/share/ca-certificates/mozilla/*.crt >"$0"', join(folder, 'ca-certificates.crt')])
}
