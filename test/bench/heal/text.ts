import { spread } from '../bridge/statistics.ts'
import { DECLARED, ENDS, FAULTS, type Thread, type Who } from './latency.ts'

/** What the queue of facts cost, in the words of work_off.py. */
export interface Queue {
  readonly facts: number
  readonly seconds: number
  readonly a_second: number
  readonly processor_seconds: number
  readonly longest_turn_seconds: number
  readonly megabytes_before: number
  readonly megabytes_peak: number
}

const MOMENTS = ['event', 'settled', 'decided', 'decidedAfterSettled', 'decidedAfterDeclared', 'claimed', 'acted', 'verified', 'well'] as const
/** What is no moment after the fault has a name of its own. */
const CALLED: Readonly<Partial<Record<(typeof MOMENTS)[number], string>>> = { decidedAfterSettled: 'decided − settled', decidedAfterDeclared: 'decided − (settled or declared)' }
const WHO: Readonly<Record<Who, string>> = { alone: 'Nomad and Consul alone', schedule: '`state.apply eos` every minute', healer: 'the healer' }

/** The numbers as a page: median and 99th percentile in seconds after the fault. */
export function healText(machine: string, rounds: number, queue: Queue, threads: readonly Thread[]): string {
  return `# Healing: from fault to verified

${machine}. ${rounds} rounds (a node is stopped in two of them at most); a 99th percentile of so few is the largest. Seconds after the fault, by the clock of the node; a dash: it did not come.

| fault | moment | n | median | p99 |
| --- | --- | ---: | ---: | ---: |
${FAULTS.flatMap((fault) => MOMENTS.map((moment) => row(threads, fault, moment))).join('\n')}

\`decided\`: an act, or a note where no act is declared (a killed task is Nomad's to restart, a stopped node is reported). \`settled\`: the settled event that it was decided for. \`verified\`: only a result of an act that was begun and found well.

Aim: a decision within 2 s of the settled event. By declaration nothing is decided sooner than some seconds after it occurred (${FAULTS.map((fault) => `${fault}: ${DECLARED[fault]} s`).join(', ')}): facts of the same may still come, and after a deregistration Consul's agent and Nomad have their turn. \`decided − settled\` has that in it where it is longer than the settling; \`decided − (settled or declared)\` is counted from the later of the two, and is the healer's own time.

| fault | rounds | decided | ${ENDS.join(' | ')} |
| --- | ---: | ---: | ${ENDS.map(() => '---:').join(' | ')} |
${FAULTS.map((fault) => ended(threads, fault)).join('\n')}

\`healed before\`: it was right again when the act was due, and nothing was done.

## The same faults in the same run, made good by whom

| fault | by | n | median | p99 | not within 150 s |
| --- | --- | ---: | ---: | ---: | ---: |
${FAULTS.filter((fault) => fault !== 'node stopped').flatMap((fault) => (['alone', 'schedule', 'healer'] as const).map((who) => beside(threads, fault, who))).join('\n')}

## A queue of ${queue.facts} facts

Worked off in ${queue.seconds} s, ${queue.a_second} a second, ${queue.processor_seconds} s of processor time, the longest turn ${queue.longest_turn_seconds} s. Resident memory ${queue.megabytes_before} MB before, ${queue.megabytes_peak} MB at most: ${(queue.megabytes_peak - queue.megabytes_before).toFixed(1)} MB for the queue.
`
}

function row(threads: readonly Thread[], fault: Thread['fault'], moment: (typeof MOMENTS)[number]): string {
  const values = threads.filter((one) => one.who === 'healer' && one.fault === fault).flatMap((one) => one[moment] ?? [])
  const { count, median, p99 } = spread(values)
  return `| ${fault} | ${CALLED[moment] ?? moment} | ${count} | ${count === 0 ? '–' : median.toFixed(1)} | ${count === 0 ? '–' : p99.toFixed(1)} |`
}

function ended(threads: readonly Thread[], fault: Thread['fault']): string {
  const mine = threads.filter((one) => one.who === 'healer' && one.fault === fault)
  const counts = ENDS.map((end) => mine.filter((one) => one.end === end).length)
  return `| ${fault} | ${[mine.length, mine.filter(({ decided }) => decided !== null).length, ...counts].join(' | ')} |`
}

function beside(threads: readonly Thread[], fault: Thread['fault'], who: Who): string {
  const mine = threads.filter((one) => one.who === who && one.fault === fault)
  const { count, median, p99 } = spread(mine.flatMap(({ well }) => well ?? []))
  return `| ${fault} | ${WHO[who]} | ${count} | ${count === 0 ? '–' : median.toFixed(1)} | ${count === 0 ? '–' : p99.toFixed(1)} | ${mine.length - count} |`
}
