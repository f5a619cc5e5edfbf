import { parseDocument, type Document } from 'yaml'
import { attemptOnNode, onNode } from '../../kitchen/node/container.ts'
import { SALT_YAML } from '../../kitchen/stack/pillar.ts'

/** Where the lab's pillar says what the stack is. */
export const PILLAR = '/srv/pillar/eos.sls'

/** How an orchestration ended: the shell's exit code, and each step by its id. */
export interface Orchestration {
  readonly code: number
  readonly steps: Readonly<Record<string, Step>>
  /** Everything it printed, for a message. */
  readonly text: string
}

/** One step of an orchestration, as Salt returns it. */
export interface Step {
  readonly result: boolean | null
  readonly changes: Readonly<Record<string, unknown>>
  readonly comment: string
}

/** Runs an orchestration on the master as an SRE would, and reads its steps. */
export async function orchestrate(plan: string, ...args: readonly string[]): Promise<Orchestration> {
  const outcome = await attemptOnNode('n1', ['salt-run', '--out=json', '--log-level=quiet', 'state.orchestrate', plan, ...args])
  const text = `${outcome.stdout}\n${outcome.stderr}`
  return { code: outcome.code, steps: stepsOf(outcome.stdout), text }
}

/** The ids of the steps that changed something, or would have. */
export function changed(run: Orchestration): readonly string[] {
  return Object.entries(run.steps).filter(([, step]) => Object.keys(step.changes).length > 0).map(([id]) => id)
}

/** Runs `act` while the pillar is another one, and puts the old one back whatever happens. */
export async function withPillar<T>(edit: (pillar: Document) => void, act: () => Promise<T>): Promise<T> {
  const before = await onNode('n1', ['cat', PILLAR])
  const pillar = parseDocument(before, SALT_YAML)
  edit(pillar)
  const write = (text: string) => onNode('n1', ['sh', '-c', `cat > ${PILLAR}`], text)
  await write(pillar.toString(SALT_YAML))
  try {
    return await act()
  } finally {
    await write(before)
  }
}

function stepsOf(printed: string): Orchestration['steps'] {
  const begin = printed.indexOf('{')
  if (begin < 0) return {}
  const steps: Record<string, Step> = {}
  for (const [key, value] of Object.entries(masterData(JSON.parse(printed.slice(begin))))) {
    if (isStep(value)) steps[key.split('_|-')[1] ?? key] = value
  }
  return steps
}

function masterData(parsed: unknown): object {
  if (!isObject(parsed) || !('data' in parsed) || !isObject(parsed.data)) return {}
  const [first] = Object.values(parsed.data)
  return isObject(first) ? first : {}
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function isStep(value: unknown): value is Step {
  return isObject(value) && 'result' in value && 'changes' in value && isObject(value.changes) && 'comment' in value
}
