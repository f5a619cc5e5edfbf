import type { Rest } from './memory.ts'
import type { Resync } from './resync.ts'
import type { Fired } from './salt-side.ts'
import { round, type Spread } from './statistics.ts'
import type { Flow } from './throughput.ts'

/** Everything that one run measured. */
export interface BridgeNumbers {
  readonly machine: string
  readonly flows: readonly Flow[]
  /** The engine alone, fed over its socket. */
  readonly engine: { readonly sent: number; readonly perSecond: number }
  /** The outbox that drains after the master was away. */
  readonly outage: { readonly sent: number; readonly perSecond: number; readonly seconds: number }
  readonly salt: { readonly bare: Fired; readonly script: Fired }
  readonly rest: Rest
  readonly nomad: Resync
  readonly consul: Resync
}

/** The numbers as a person reads them, each beside what it is compared with. */
export function bridgeText({ machine, flows, engine, outage, salt, rest, nomad, consul }: BridgeNumbers): string {
  const lines = [
    `machine: ${machine}`,
    '',
    'asked/s  said/s  rows/s   inbox median/p99 ms   bus median/p99 ms   on the bus   stream MB   sidecar MB',
    ...flows.map(({ asked, said, perSecond, inbox, bus, sent, bytes, resident }) =>
      [String(asked).padStart(7), String(Math.round(said)).padStart(7), String(Math.round(perSecond)).padStart(7), between(inbox).padStart(21), between(bus).padStart(19), `${bus.count}/${sent}`.padStart(12), megabytes(bytes).padStart(11), megabytes(resident).padStart(12)].join(' '),
    ),
    '',
    `engine alone                ${Math.round(engine.perSecond)} rows/s (aim 10,000), ${round(engine.perSecond / salt.bare.perSecond)} times a bare SaltEvent loop`,
    `recovery after an outage    ${Math.round(outage.perSecond)} rows/s (aim 5,000) for ${outage.sent} facts`,
    `bare SaltEvent loop         ${Math.round(salt.bare.perSecond)} events/s, ${salt.bare.arrived}/${salt.bare.fired} arrived`,
    `Salt's script engine        ${Math.round(salt.script.perSecond)} events/s, ${salt.script.arrived}/${salt.script.fired} arrived`,
    atRest(rest),
    resynced('Nomad', nomad),
    resynced('Consul', consul),
  ]
  return `${lines.join('\n')}\n`
}

function resynced(name: string, { objects, listing, first, again, facts, resident, rest, bytes }: Resync): string {
  return `${name}: ${objects} objects   listing ${listing} ms (${megabytes(bytes)} MB), first read ${first} ms, resync with ${facts} facts ${again} ms (aim 10,000; ${round(again / listing)} × listing), sidecar ${megabytes(resident)} MB, at rest ${megabytes(rest)} MB`
}

function atRest({ objects, first, again }: Rest): string {
  const of = ({ resident, proportional, anonymous, peak }: Rest['first']): string => `${megabytes(resident)} MB resident (aim 100; ${megabytes(anonymous)} of it its own, ${megabytes(proportional)} in proportion, ${megabytes(peak)} at most)`
  return `Sidecar at rest, ${objects} objects of Nomad   after the first reading ${of(first)}, after a restart ${of(again)}`
}

function between({ median, p99 }: Spread): string {
  return `${median} / ${p99}`
}

function megabytes(bytes: number): string {
  return String(Math.round(bytes / 2 ** 20))
}
