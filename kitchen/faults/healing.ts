import { setTimeout as sleep } from 'node:timers/promises'
import { parseDocument } from 'yaml'
import { attemptOnNode, onNode } from '../node/container.ts'
import { tail } from '../run/command.ts'
import { Failure } from '../run/failure.ts'
import { PILLAR_FILE, SALT_YAML } from '../stack/pillar.ts'
import type { Envelope } from './facts.ts'

/** What the pillar may say below `eos:heal`. */
export type Heal = Readonly<Record<string, unknown>>

/** An incident as `salt-run eos.incidents --out=json` gives it. */
export interface Incident {
  readonly id: string
  readonly state: string
  readonly policy: string
  readonly action: string
  readonly place: string
  readonly says: string
  readonly why: string
  readonly facts: number
  readonly opened: string
  readonly events: readonly string[]
}

/** One thing that was looked at before a decision. */
export interface Check {
  readonly name: string
  readonly result: string
  readonly says: string
}

/** A decision, and what became of it. */
export interface Decision {
  readonly id: string
  readonly action: string
  readonly state: string
  readonly checks: readonly Check[]
  readonly claim: Readonly<Record<string, unknown>> | null
  readonly result: { readonly ok: boolean; readonly says: string; readonly effects: readonly string[] } | null
}

/** A line of the audit; `at` in seconds since 1970. */
export interface Line {
  readonly n: number
  readonly at: number
  readonly kind: string
  readonly body: Readonly<Record<string, unknown>>
}

/** All that is known of one incident: `salt-run eos.explain <id> --out=json`. */
export interface Explained {
  readonly incident: Incident
  readonly facts: readonly { readonly id: string; readonly line: string; readonly event: Envelope | null }[]
  readonly decisions: readonly Decision[]
  readonly checks: readonly Check[]
  readonly audit: readonly Line[]
}

/** Asks a verb of the runner on the master, as an SRE's script would. */
export async function ask<T>(master: string, verb: string, ...args: readonly string[]): Promise<T> {
  const outcome = await attemptOnNode(master, ['salt-run', '--out=json', '--log-level=quiet', `eos.${verb}`, ...args])
  try {
    const found: T = JSON.parse(outcome.stdout)
    return found
  } catch {
    throw new Failure(`salt-run eos.${verb} ended with ${outcome.code} and no JSON\n${tail(outcome)}`, `npm run lab -- exec ${master} -- salt-run eos.${verb} ${args.join(' ')}`)
  }
}

/** The incidents of a policy, or of all, oldest first. */
export async function incidents(master: string, policy?: string): Promise<readonly Incident[]> {
  const found = await ask<{ readonly incidents: readonly Incident[] }>(master, 'incidents', ...(policy === undefined ? [] : [`policy=${policy}`]))
  return found.incidents
}

/** Everything about one incident. */
export function explained(master: string, id: string): Promise<Explained> {
  return ask<Explained>(master, 'explain', id)
}

/** The newest lines of the audit, of one kind or of all. */
export async function audit(master: string, ...filters: readonly string[]): Promise<readonly Line[]> {
  const found = await ask<{ readonly lines: readonly Line[] }>(master, 'audit', ...filters)
  return found.lines
}

/** A moment of the healer: the audit up to here is past. */
export class Since {
  readonly #master: string
  readonly #from: number

  constructor(master: string, from: number) {
    this.#master = master
    this.#from = from
  }

  /** The lines of the audit since then that are meant. */
  async lines(kind?: string): Promise<readonly Line[]> {
    const found = await audit(this.#master, 'since=2h', 'limit=5000', ...(kind === undefined ? [] : [`kind=${kind}`]))
    return found.filter(({ n }) => n > this.#from)
  }

  /** Waits for the first line since then that is meant. */
  async line(what: string, isMeant: (one: Line) => boolean, within = 90): Promise<Line> {
    let came: readonly Line[] = []
    for (const deadline = Date.now() + within * 1000; Date.now() < deadline; await sleep(700)) {
      came = await this.lines()
      const found = came.find(isMeant)
      if (found !== undefined) return found
    }
    const seen = came.map(({ n, kind, body }) => `    ${n} ${kind} ${String(body['policy'] ?? body['decision'] ?? '')} ${waits(body)}`).slice(-30).join('\n')
    throw new Failure(`the audit has no line within ${within} s that says: ${what}; what came:\n${seen || '    nothing'}`, `npm run lab -- exec ${this.#master} -- salt-run eos.incidents`)
  }

  /** Waits until an incident of a policy that had a fact since then is as it is meant to be, and tells all of it. */
  async incident(policy: string, isMeant: (one: Explained) => boolean, within = 120, isAbout: (one: Line) => boolean = () => true): Promise<Explained> {
    const about = (one: Line): boolean => one.body['policy'] === policy && typeof one.body['incident'] === 'string' && isAbout(one)
    const { body } = await this.line(`an incident of ${policy}`, about, within)
    let last: Explained | undefined
    for (const deadline = Date.now() + within * 1000; Date.now() < deadline; await sleep(700)) {
      last = await explained(this.#master, String(body['incident']))
      if (isMeant(last)) return last
    }
    throw new Failure(`incident ${String(body['incident'])} of ${policy} is not as it should be within ${within} s: ${last?.incident.state}, ${last?.incident.why}`, `npm run lab -- exec ${this.#master} -- salt-run eos.explain ${String(body['incident'])}`)
  }
}

/** Remembers how far the audit is. */
export async function since(master: string): Promise<Since> {
  return new Since(master, (await audit(master, 'limit=1')).at(-1)?.n ?? 0)
}

/** Waits until people are told of a fact since a moment: by a note, or, where its policy tells no more often, by the one of the day before. */
export async function told(master: string, policy: string, from: number, within = 120): Promise<Explained> {
  let last: Explained | undefined
  for (const deadline = Date.now() + within * 1000; Date.now() < deadline; await sleep(1000)) {
    const found = (await incidents(master, policy)).at(-1)
    last = found && (await explained(master, found.id))
    const isNew = last?.facts.some(({ event }) => event !== null && Date.parse(event.time.observed) >= from)
    if (last !== undefined && isNew === true && (isNoted(last) || last.checks.at(-1)?.name === 'cool_down')) return last
  }
  throw new Failure(`nobody is told of ${policy} within ${within} s; the last incident: ${last?.incident.state ?? 'none'}, ${last?.incident.why ?? ''}`, `npm run lab -- exec ${master} -- salt-run eos.incidents policy=${policy}`)
}

/** Whether it was noted: told, marked, held or reported. */
export function isNoted({ audit: lines }: Explained): boolean {
  return lines.some(({ kind }) => kind === 'note')
}

/** Whether an act was decided, done and verified; not where it healed by itself before the act. */
export function isHealed({ decisions }: Explained): boolean {
  return decisions.some(isCarriedOut)
}

/** Whether this decision was acted on, and what it was for was right afterwards. */
export function isCarriedOut({ state, result }: Decision): boolean {
  return state === 'done' && result?.ok === true && result.says.includes('; verified after ')
}

/** Writes what the pillar says below `eos:heal`, and waits until the healer goes by it; gives back what stood there. */
export async function setHeal(master: string, heal: Heal | undefined): Promise<Heal | undefined> {
  const pillar = parseDocument(await onNode(master, ['cat', PILLAR_FILE]), SALT_YAML)
  const before: { readonly eos: { readonly heal?: Heal } } = pillar.toJS()
  if (heal === undefined) pillar.deleteIn(['eos', 'heal'])
  else pillar.setIn(['eos', 'heal'], heal)
  await onNode(master, ['sh', '-c', `cat > ${PILLAR_FILE}`], pillar.toString(SALT_YAML))
  await untilRead(master, heal ?? {})
  return before.eos.heal
}

/** Wakes the healer and waits until it says that it goes by these modes and this bucket. */
async function untilRead(master: string, heal: Heal): Promise<void> {
  const { mode = 'observe', components = {}, jobs = {}, bucket } = heal
  const wanted = JSON.stringify([mode, sorted(components), sorted(jobs), size(bucket)])
  let found = ''
  for (const deadline = Date.now() + 90_000; Date.now() < deadline; await sleep(500)) {
    const outcome = await attemptOnNode(master, ['cat', '/var/lib/eos/healer.status.json'])
    const status: { readonly why?: string; readonly settings?: { readonly mode: string; readonly components: object; readonly jobs: object; readonly bucket_size: number } | null } = outcome.code === 0 ? JSON.parse(outcome.stdout) : {}
    const { settings, why = '' } = status
    found = settings ? JSON.stringify([settings.mode, sorted(settings.components), sorted(settings.jobs), settings.bucket_size]) : 'nothing'
    if (found === wanted) return
    if (why) found += ` (${why})`
  }
  throw new Failure(`the healer does not go by its pillar within 90 s: ${found}; expected ${wanted}`, `npm run lab -- exec ${master} -- salt-run eos.status --out=eos`)
}

function size(bucket: unknown): unknown {
  return typeof bucket === 'object' && bucket !== null && 'size' in bucket ? bucket.size : 5
}

function sorted(names: unknown): readonly (readonly [string, unknown])[] {
  return typeof names === 'object' && names !== null ? Object.entries(names).toSorted(([a], [b]) => a.localeCompare(b)) : []
}

function waits(body: Line['body']): string {
  const checks = body['checks']
  const last: unknown = Array.isArray(checks) ? checks.at(-1) : undefined
  return typeof last === 'object' && last !== null && 'says' in last ? String(last.says) : String(body['says'] ?? '')
}
