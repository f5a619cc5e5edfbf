import { join } from 'node:path'
import type { ConsulCluster } from './consul.ts'
import type { Envelope } from './envelope.ts'
import type { NomadCluster } from './nomad.ts'
import { Proxy } from './proxy.ts'
import { RecordingReceiver } from './recording-receiver.ts'
import type { Scene } from './scene.ts'
import { Sidecar, type SidecarOptions } from './sidecar.ts'
import { until } from './until.ts'
import { text } from './value.ts'

/** What the sidecar's token may do in Nomad. */
export const NOMAD_RULES = 'namespace "*" { policy = "read" }\nnode { policy = "read" }\noperator { policy = "read" }\n'
/** What the sidecar's token may do in Consul. */
export const CONSUL_RULES = 'node_prefix "" { policy = "read" }\nservice_prefix "" { policy = "read" }\nkey_prefix "eos/" { policy = "write" }\nsession_prefix "" { policy = "write" }\n'

export interface StationOptions {
  readonly nomad?: NomadCluster
  /** Positions of the Nomad servers that the sidecar knows, each behind a proxy; the first two unless told otherwise. */
  readonly servers?: readonly number[]
  readonly nomadRules?: string
  readonly consul?: ConsulCluster
  /** Ports of the Consul agents that the sidecar knows, each behind a proxy. */
  readonly agents?: readonly number[]
  readonly consulRules?: string
  readonly more?: Partial<SidecarOptions>
  /** A receiver that exists already, for a second sidecar. */
  readonly receiver?: RecordingReceiver
}

/** One sidecar with its proxies and its receiver. */
export interface Station {
  readonly sidecar: Sidecar
  readonly receiver: RecordingReceiver
  /** In front of Nomad's servers, in the order of `servers`. */
  readonly nomad: readonly Proxy[]
  /** In front of Consul's agents. */
  readonly consul: readonly Proxy[]
  readonly nomadToken: { readonly secret: string; readonly accessor: string; readonly policy: string }
  readonly consulToken: { readonly secret: string; readonly accessor: string; readonly policy: string }
  /** Kept envelopes of an event and verb, about what the subject names. */
  readonly facts: (event: string, verb?: string, subject?: Readonly<Record<string, string>>) => Envelope[]
  /** Waits for the first such envelope. */
  readonly fact: (event: string, verb: string, subject?: Readonly<Record<string, string>>, within?: number) => Promise<Envelope>
}

const NO_TOKEN = { secret: '', accessor: '', policy: '' }

/** Makes a station; the sidecar does not run yet. */
export async function station(scene: Scene, options: StationOptions): Promise<Station> {
  const folder = scene.place('station')
  const nomadToken = options.nomad === undefined ? NO_TOKEN : await options.nomad.token(options.nomadRules ?? NOMAD_RULES)
  const consulToken = options.consul === undefined ? NO_TOKEN : await options.consul.token(options.consulRules ?? CONSUL_RULES)
  const cluster = options.nomad
  const nomad = cluster === undefined ? [] : await proxies(scene, (options.servers ?? [0, 1]).map((position) => cluster.server(position).ports.http))
  const consul = options.consul === undefined ? [] : await proxies(scene, options.agents ?? options.consul.servers.map(({ https }) => https))
  const receiver = options.receiver ?? (await started(scene, new RecordingReceiver(join(folder, 'bridge.sock'))))
  const sidecar = await Sidecar.make(folder, {
    ca: scene.authority.ca,
    socket: receiver.socket,
    ...(options.nomad === undefined ? {} : { nomad: { addresses: nomad.map(({ url }) => url), token: nomadToken.secret } }),
    ...(options.consul === undefined ? {} : { consul: { addresses: consul.map(({ url }) => url), token: consulToken.secret } }),
    ...options.more,
  })
  scene.ends(() => sidecar.kill())
  const facts: Station['facts'] = (event, verb, subject = {}) =>
    receiver.kept.filter(
      (one) => one.event === event && (verb === undefined || one.verb === verb) && Object.entries(subject).every(([key, value]) => text(one.subject, key) === value),
    )
  const fact: Station['fact'] = (event, verb, subject = {}, within = 20_000) =>
    until(`${event} ${verb} ${JSON.stringify(subject)} has come`, () => facts(event, verb, subject)[0], within, 50)
  return { sidecar, receiver, nomad, consul, nomadToken, consulToken, facts, fact }
}

async function started(scene: Scene, receiver: RecordingReceiver): Promise<RecordingReceiver> {
  await receiver.start()
  scene.ends(() => receiver.stop())
  return receiver
}

function proxies(scene: Scene, ports: readonly number[]): Promise<Proxy[]> {
  return Promise.all(
    ports.map(async (port) => {
      const proxy = await Proxy.open(port)
      scene.ends(() => proxy.close())
      return proxy
    }),
  )
}
