import { parentPort } from 'node:worker_threads'
import { tidyWhenQuiet } from '../tidy.ts'
import { readAnswer } from './answer.ts'
import type { Ask, Said } from './messages.ts'
import { Stream } from './stream.ts'

// The intake's own thread: TLS, framing, parsing and reduction of large bodies happen here, so that nothing waits for them.

const port = parentPort
if (port === null) throw new Error('the intake runs as a worker thread only; expected a parent; start src/sidecar/main.ts')

tidyWhenQuiet()
const say = (said: Said): void => port.postMessage(said)
const streams = new Map<number, Stream>()
const reads = new Map<number, { readonly cancel: () => void }>()

port.on('message', (ask: Ask) => {
  const { number } = ask
  switch (ask.kind) {
    case 'read':
      return void reads.set(
        number,
        readAnswer(ask.request, (result) => {
          reads.delete(number)
          say('failed' in result ? { kind: 'failed', number, failure: result.failed } : { kind: 'answer', number, answer: result.answer })
        }),
      )
    case 'stream':
      return void streams.set(number, new Stream(number, ask.request, say))
    case 'taken':
      return streams.get(number)?.taken(ask.bytes)
    case 'close':
      streams.get(number)?.close()
      reads.get(number)?.cancel()
      streams.delete(number)
      reads.delete(number)
  }
})
