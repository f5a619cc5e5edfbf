import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { tidyWhenQuiet } from '../tidy.ts'
import { Keeper } from './keeper.ts'
import type { Numbered, Said } from './messages.ts'

// The journal's own thread: a durable commit blocks for milliseconds, and nothing else may wait for it.

const port = parentPort
if (port === null) throw new Error('the journal runs as a worker thread only; expected a parent; start src/sidecar/main.ts')

/** More than this in one transaction only makes the first of them wait. */
const GROUP = 1000

const options: { readonly path: string; readonly instance: string } = workerData
const say = (said: Said, transfer: readonly ArrayBuffer[] = []): void => port.postMessage(said, [...transfer])
const keeper = new Keeper(options.path, options.instance, say)
keeper.start()
tidyWhenQuiet()

port.on('message', (first: Numbered) => {
  const group = [first]
  while (group.length < GROUP) {
    const next: { readonly message: Numbered } | undefined = receiveMessageOnPort(port)
    if (next === undefined) break
    group.push(next.message)
  }
  if (keeper.take(group)) port.close()
})
