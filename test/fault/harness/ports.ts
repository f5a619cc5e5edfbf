import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'

/** Below the kernel's range for outgoing connections, so that no client takes the port of a server that is down for a moment. */
const FIRST = 12_000
const COUNT = 8_000
let next = Math.floor(Math.random() * COUNT)

/** Ports of the loopback that nobody listens on, for TCP and UDP alike; never the same one twice in this process. */
export async function freePorts(count: number): Promise<number[]> {
  const found: number[] = []
  while (found.length < count) {
    next = (next + 1) % COUNT
    if (await isFree(FIRST + next)) found.push(FIRST + next)
  }
  return found
}

/** One such port. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1)
  if (port === undefined) throw new Error('no free port on the loopback')
  return port
}

async function isFree(port: number): Promise<boolean> {
  return (await isFreeForStreams(port)) && (await isFreeForDatagrams(port))
}

function isFreeForStreams(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

function isFreeForDatagrams(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4')
    socket.once('error', () => resolve(false))
    socket.bind(port, '127.0.0.1', () => socket.close(() => resolve(true)))
  })
}
