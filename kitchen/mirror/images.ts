import { buildImages, type BuiltImage } from '../images/build.ts'
import { docker } from '../host/engine.ts'
import { MIRROR_HOST } from '../node/container.ts'
import { Failure } from '../run/failure.ts'
import { say, step } from '../run/progress.ts'
import type { Mirror } from './server.ts'

/** The registry's name and port as nodes see it. */
export const REGISTRY = `${MIRROR_HOST}:5000`

const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json'

/** Makes the images of jobs, puts them into the mirror's registry and returns how nodes refer to each: by digest. */
export async function publishedImages(mirror: Mirror): Promise<Readonly<Record<string, string>>> {
  const references: Record<string, string> = {}
  for (const image of await buildImages(say)) references[image.name] = `${REGISTRY}/${pathOf(image)}@${await published(image, mirror)}`
  return references
}

async function published(image: BuiltImage, mirror: Mirror): Promise<string> {
  const known = await digestOf(image, mirror)
  if (known !== undefined) return known
  return step(`pushing the image ${image.name}`, async () => {
    const target = `${mirror.pushAddress}/${image.tag}`
    await docker('tag', image.tag, target)
    await docker('push', '--quiet', target)
    await docker('rmi', '--no-prune', target)
    const digest = await digestOf(image, mirror)
    if (digest === undefined) throw new Failure(`the registry has no ${image.tag} after its push; expected it`, 'npm run lab -- down, then npm run lab')
    return digest
  })
}

async function digestOf(image: BuiltImage, mirror: Mirror): Promise<string | undefined> {
  const [, version = ''] = image.tag.split(':')
  const answer = await fetch(`http://${mirror.pushAddress}/v2/${pathOf(image)}/manifests/${version}`, { method: 'HEAD', headers: { accept: MANIFEST } })
  return answer.ok ? (answer.headers.get('docker-content-digest') ?? undefined) : undefined
}

function pathOf(image: BuiltImage): string {
  return image.tag.split(':')[0] ?? image.name
}
