import { isJsonList } from '../contract/json.ts'
import type { ActSpec, PolicyContract } from '../contract/types.ts'
import type { PageView } from './docs-view.ts'
import { markdownHeader } from './header.ts'
import { stopsOf } from './policy-stops.ts'
import { ACTS, DOES, INTRODUCTION, LAYERS, STOP_ALL } from './policy-words.ts'

/** The page of all policies: what happens, what never happens, and how to stop it. */
export function healingPage(policies: readonly PolicyContract[]): PageView {
  const rows = policies.map(({ name, spec }) => [`[${titleOf(name)}](#${name.replaceAll('_', '-')})`, spec.on.map(eventLink).join(', '), ACTS.includes(spec.act.do) ? 'act' : 'note', phraseOf(spec.act)])
  return {
    header: markdownHeader('src/policies'),
    title: 'Healing',
    doc: INTRODUCTION,
    sections: [
      { title: 'How to stop it', text: STOP_ALL },
      { title: 'At a glance', text: table(['policy', 'follows from', 'kind', 'what happens'], rows) },
      ...policies.map((policy) => ({ title: titleOf(policy.name), text: policyText(policy) })),
    ],
  }
}

function policyText(policy: PolicyContract): string {
  const { doc, spec } = policy
  const facts = [
    ['what happens', phraseOf(spec.act)],
    ['follows from', spec.on.map(eventLink).join(', ')],
    ['under which conditions', conditionsOf(spec)],
    ['one incident for each', spec.key.map((leaf) => `\`${leaf}\``).join(', ')],
    ...limitsOf(spec),
    ['it says', spec.says],
    ['when it may not act, a person is asked', spec.otherwise],
  ]
  const stops = table(['to stop', 'run, or set', 'ended by'], stopsOf(policy))
  return [doc, table(['', ''], facts), 'What never happens:', spec.never.map((sentence) => `- ${sentence}`).join('\n'), 'How to stop it:', stops].join('\n\n')
}

function conditionsOf({ match, require }: PolicyContract['spec']): string {
  const { attributed, repeated, class: classes, layer_below: layer, hook } = require
  const conditions = [
    ...Object.entries(match ?? {}).map(([leaf, wanted]) => `\`${leaf}\` is ${(isJsonList(wanted) ? wanted : [wanted]).map((value) => `\`${String(value)}\``).join(' or ')}`),
    ...(attributed ? ['it is known whom it happened to'] : []),
    ...(classes ? [`the class is ${classes.map((name) => `\`${name}\``).join(' or ')}`] : []),
    ...(repeated ? [repeated.distinct === undefined ? `it happened ${repeated.times} times within ${repeated.within}` : `it happened to ${repeated.times} different values of \`${repeated.distinct}\` within ${repeated.within}`] : []),
    ...(layer ? [LAYERS[layer]] : []),
    ...(hook === undefined ? [] : [`the check \`${hook}\` holds`]),
  ]
  return conditions.length === 0 ? 'always' : conditions.join('; ')
}

function limitsOf({ limits }: PolicyContract['spec']): string[][] {
  const words = [
    ...(limits?.attempts === undefined ? [] : [`at most ${limits.attempts} ${limits.attempts === 1 ? 'attempt' : 'attempts'} per unchanged input`]),
    ...(limits?.cool_down === undefined ? [] : [`then quiet for ${limits.cool_down}`]),
  ]
  return words.length === 0 ? [] : [['within its own bounds', words.join('; ')]]
}

function phraseOf(act: ActSpec): string {
  return DOES[act.do].replace('{component}', typeof act.component === 'object' ? act.component.leaf : (act.component ?? '')).replace('{field}', act.field ?? '').replace('{for}', act.for ?? '')
}

/** A link to the verb on the page of events. */
function eventLink(occurrence: string): string {
  const cut = occurrence.lastIndexOf('/')
  const heading = `${occurrence.slice(0, cut)} ${occurrence.slice(cut + 1)}`
  return `[${heading}](events.md#${heading.replaceAll('/', '').replaceAll(' ', '-')})`
}

function titleOf(name: string): string {
  return name.replaceAll('_', ' ')
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
