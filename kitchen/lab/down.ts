import { docker, needEngine } from '../host/engine.ts'
import { label } from '../node/container.ts'
import { say, seconds, step } from '../run/progress.ts'
import { readArguments } from './arguments.ts'

/** Removes every container, volume and network that carries this lab's label; images and the cache stay for the next time. */
export async function down(args: readonly string[]): Promise<number> {
  readArguments('down', args, [])
  const started = Date.now()
  await needEngine()
  const removed = await removeLabelled(label)
  say(`lab: down in ${seconds(started)}; removed ${removed.join(', ') || 'nothing'}; images and the cache stay for the next time`)
  return 0
}

/** Removes everything with the label and says what that was. */
export async function removeLabelled(its: string): Promise<readonly string[]> {
  const filter = ['--filter', `label=${its}`]
  const containers = words(await docker('ps', '--all', '--format', '{{.Names}}', ...filter))
  if (containers.length > 0) {
    await step(`removing ${containers.join(', ')}`, () => docker('rm', '--force', '--volumes', ...containers))
  }
  const volumes = words(await docker('volume', 'ls', '--quiet', ...filter))
  if (volumes.length > 0) await step(`removing ${volumes.length} volumes`, () => docker('volume', 'rm', '--force', ...volumes))
  const networks = words(await docker('network', 'ls', '--format', '{{.Name}}', ...filter))
  if (networks.length > 0) await docker('network', 'rm', ...networks)
  return [...containers, ...volumes, ...networks]
}

function words(output: string): readonly string[] {
  return output.split('\n').filter((line) => line !== '')
}
