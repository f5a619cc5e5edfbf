import { readFileSync } from 'node:fs'
import type { Json } from '../fact.ts'
import { messageOf, Refusal } from '../refusal.ts'
import { address, between, duration, file, list, nullable, otherwise, record, text, whole } from './decode.ts'

const server = { addresses: list(address, 1), ca: file, token_file: file }

const nomad = record(({ take }) => ({
  region: take('region', text),
  addresses: take('addresses', server.addresses),
  ca: take('ca', server.ca),
  tokenFile: take('token_file', server.token_file),
  /** Accessors of the ACL tokens that may register jobs; a change by another is drift. Empty: no drift is told. */
  accessors: take('accessors', otherwise(list(text), [])),
}))

const consul = record(({ take }) => ({
  datacenter: take('datacenter', text),
  addresses: take('addresses', server.addresses),
  ca: take('ca', server.ca),
  tokenFile: take('token_file', server.token_file),
  /** Services that get a query of their own, for speed. */
  watch: take('watch', otherwise(list(text), [])),
}))

const pair = record(({ take }) => ({
  /** The datacenter of `consul` that holds the lock. */
  consul: take('consul', text),
  key: take('key', otherwise(text, 'eos/sidecar/lock')),
  /** Two seconds before its end nothing is sent any more; Consul refuses less than its `session_ttl_min`, 10 s as it comes. */
  ttl: take('ttl', otherwise(between('4s', '24h'), 15_000)),
}))

const metrics = record(({ take }) => ({ port: take('port', otherwise(whole(0, 65_535), 9460)) }))

const settle = record(({ take }) => ({
  serviceRemoved: take('service_removed', otherwise(duration, 10_000)),
  evalBlocked: take('eval_blocked', otherwise(duration, 30_000)),
  flapCount: take('flap_count', otherwise(whole(2, 1000), 3)),
  flapWindow: take('flap_window', otherwise(duration, 60_000)),
}))

/** For tests only: nobody needs to change these in service. Milliseconds. */
const timing = record(({ take }) => ({
  firstHeartbeat: take('first_heartbeat', otherwise(duration, 5000)),
  watchdog: take('watchdog', otherwise(duration, 35_000)),
  proof: take('proof', otherwise(duration, 2000)),
  audit: take('audit', otherwise(duration, 60_000)),
  tokenCheck: take('token_check', otherwise(duration, 60_000)),
  checkpoint: take('checkpoint', otherwise(duration, 60_000)),
  /** A source that is degraded for so long without a break is told of as down. */
  down: take('down', otherwise(duration, 60_000)),
  /** Without an answer of the engine for so long, the connection is given up. */
  engine: take('engine', otherwise(duration, 10_000)),
  status: take('status', otherwise(duration, 10_000)),
  reconnectLeast: take('reconnect_least', otherwise(duration, 500)),
  reconnectMost: take('reconnect_most', otherwise(duration, 30_000)),
}))

const config = record(({ take }) => ({
  instance: take('instance', text),
  journal: take('journal', otherwise(file, '/var/lib/eos-sidecar/journal.db')),
  socket: take('socket', otherwise(file, '/run/eos/bridge.sock')),
  metrics: take('metrics', otherwise(metrics, metrics({}, ''))),
  nomad: take('nomad', otherwise(list(nomad), [])),
  consul: take('consul', otherwise(list(consul), [])),
  pair: take('pair', otherwise(nullable(pair), null)),
  settle: take('settle', otherwise(settle, settle({}, ''))),
  timing: take('timing', otherwise(timing, timing({}, ''))),
}))

/** Everything that the sidecar is told. */
export type Config = ReturnType<typeof config>

/** Reads the configuration; anything that it does not know, or that has the wrong type, is refused with path, expected and found. */
export function readConfig(path: string): Config {
  return decodeConfig(parse(path))
}

/** Holds a parsed configuration to its types and to what its parts say about each other. */
export function decodeConfig(json: Json): Config {
  const made = config(json, '')
  once(made.nomad.map(({ region }) => region), 'nomad', 'region')
  once(made.consul.map(({ datacenter }) => datacenter), 'consul', 'datacenter')
  const lock = made.pair?.consul
  if (lock !== undefined && !made.consul.some(({ datacenter }) => datacenter === lock)) {
    throw new Refusal('EOS606', `pair.consul is "${lock}"`, `a datacenter of consul (${made.consul.map(({ datacenter }) => datacenter).join(', ') || 'there is none'})`, 'add it to consul, or name another')
  }
  if (!/^[A-Za-z0-9_.-]+$/.test(made.instance)) throw new Refusal('EOS606', `instance is "${made.instance}"`, 'letters, digits, `_`, `.` and `-`', 'give this sidecar a plain name')
  return made
}

function once(names: readonly string[], path: string, key: string): void {
  const twice = names.findIndex((name, index) => names.indexOf(name) !== index)
  if (twice >= 0) throw new Refusal('EOS606', `${path}[${twice}].${key} is "${names[twice]}" again`, 'each once', 'give its addresses to the first')
}

function parse(path: string): Json {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (thrown) {
    throw new Refusal('EOS602', `the configuration ${path} cannot be read: ${messageOf(thrown)}`, 'a JSON file that this user may read', 'name it with --config or EOS_CONFIG')
  }
}
