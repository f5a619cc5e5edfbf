import { loadsOf, perObject, perObjectOfAll, ratioOf, secondsOf, type Timed } from './numbers.ts'
import { COUNTS, KINDS } from './objects.ts'
import type { Counting } from './rounds.ts'
import { STEPS, type Tool } from './tool.ts'

/** Everything that one run measured. */
export interface ConvergeNumbers {
  readonly machine: string
  readonly cores: number
  readonly rounds: number
  readonly tools: readonly Pick<Tool, 'name' | 'kinds'>[]
  readonly times: readonly Timed[]
  readonly counts: readonly Counting[]
}

/** The names by which the aims are counted. */
export const EOS = 'Salt and Eos'
export const EOS_PART = 'Salt and Eos, the same kinds'
export const FLOOR = 'Salt alone'

/** The numbers as a page, with the aims and whether they are met. */
export function convergeText({ machine, cores, rounds, tools, times, counts }: ConvergeNumbers): string {
  return `# Converging ${KINDS.map((kind) => `${COUNTS[kind]} ${kind}`).join(', ')}

${machine}. ${rounds} rounds in which the tools took turns, medians in seconds. One whole round before them warmed every tool up and counted the requests; none of its times is here. Each tool met servers with its own objects alone: Nomad and Consul on the loopback, with TLS and ACLs. \`policies\` are ACL policies of Consul, \`keys\` its keys. No tool waits for the deployments of its jobs.

| tool | objects | ${STEPS.join(' | ')} | load |
| --- | ---: | ${STEPS.map(() => '---:').join(' | ')} | ---: |
${tools.map(({ name, kinds }) => `| ${name} | ${kinds.reduce((sum, kind) => sum + COUNTS[kind], 0)} | ${STEPS.map((step) => shown(secondsOf(times, name, step))).join(' | ')} | ${loadsOf(times, name).join(' to ')} |`).join('\n')}

\`start\`: the tool starts and does nothing. \`first\`: nothing is there yet. \`no-op\`: all is as it should be. \`test\`: \`test=True\`, \`plan\`, \`--check\`. Salt alone: as many states that do nothing (\`test.nop\`). \`load\`: of the machine in the minute before, the tools and the servers included.

## Requests of a no-op run, by object

| tool | ${KINDS.join(' | ')} | all, with versions and tokens | writes | connections |
| --- | ${KINDS.map(() => '---:').join(' | ')} | ---: | ---: | ---: |
${counts.filter(({ step }) => step === 'no-op').map((one) => requestRow(tools, one)).join('\n')}

## Aims

| aim | found | met |
| --- | ---: | --- |
${aims(tools, times, counts).map(({ aim, found, isMet }) => `| ${aim} | ${shown(found)} | ${isMet ? 'yes' : 'no'} |`).join('\n')}

Ratios are medians of the ratios within a round. Ansible runs a module for each object, one after the other; spread over the ${cores} cores of this machine without any loss it would still take ${shown(ratioOf(times, 'Ansible', EOS, 'no-op') / cores)} times as long as Eos.
`
}

interface Aim {
  readonly aim: string
  readonly found: number
  readonly isMet: boolean
}

/** What was asked of Eos, and whether it is so. */
export function aims(tools: ConvergeNumbers['tools'], times: readonly Timed[], counts: readonly Counting[]): readonly Aim[] {
  const ansible = ratioOf(times, 'Ansible', EOS, 'no-op')
  const tofu = ratioOf(times, EOS_PART, 'OpenTofu', 'no-op')
  const quiet = counts.find(({ tool, step }) => tool === EOS && step === 'no-op')
  const kinds = tools.find(({ name }) => name === EOS)?.kinds ?? []
  const asked = quiet === undefined ? [] : KINDS.map((kind) => ({ aim: `at most 1 request for each of the ${kind}`, found: perObject(quiet.requests, kind, kinds, COUNTS) ?? Number.NaN }))
  const all = quiet === undefined ? [] : [{ aim: 'at most 1 request for each object of all', found: perObjectOfAll(quiet.requests, kinds, COUNTS) }]
  return [
    { aim: 'Ansible takes at least 3 times as long for a no-op', found: ansible, isMet: ansible >= 3 },
    { aim: 'Eos takes at most as long as OpenTofu for a no-op of the same kinds (times as long)', found: tofu, isMet: tofu <= 1 },
    ...[...all, ...asked].map((one) => ({ ...one, isMet: one.found <= 1 })),
  ]
}

function requestRow(tools: ConvergeNumbers['tools'], { tool, requests }: Counting): string {
  const kinds = tools.find(({ name }) => name === tool)?.kinds ?? []
  const cells = KINDS.map((kind) => shown(perObject(requests, kind, kinds, COUNTS) ?? Number.NaN))
  return `| ${tool} | ${cells.join(' | ')} | ${shown(perObjectOfAll(requests, kinds, COUNTS))} | ${requests.writes} | ${requests.connections} |`
}

/** Two decimals; a dash for what there is not. */
function shown(value: number): string {
  return Number.isNaN(value) ? '–' : value.toFixed(2)
}
