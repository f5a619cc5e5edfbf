import { spread } from '../bridge/statistics.ts'
import { FAULTS, type Thread, type Who } from './latency.ts'

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

const MOMENTS = ['event', 'settled', 'decided', 'claimed', 'acted', 'verified', 'well'] as const
const WHO: Readonly<Record<Who, string>> = { alone: 'Nomad and Consul alone', schedule: '`state.apply eos` every minute', healer: 'the healer' }

/** The numbers as a page: median and 99th percentile in seconds after the fault. */
export function healText(machine: string, rounds: number, queue: Queue, threads: readonly Thread[]): string {
  return `# Healing: from fault to verified

${machine}. ${rounds} rounds (a node is stopped in two of them at most); a 99th percentile of so few is the largest. Seconds after the fault, by the clock of the node; a dash: it did not come.

| fault | moment | n | median | p99 |
| --- | --- | ---: | ---: | ---: |
${FAULTS.flatMap((fault) => MOMENTS.map((moment) => row(threads, fault, moment))).join('\n')}

\`decided\`: an act, or a note where no act is declared (a killed task is Nomad's to restart, a stopped node is reported). After a deregistration come by declaration: 10 s of quiet until it is settled, and 35 s in which Nomad has its turn.

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
  return `| ${fault} | ${moment} | ${count} | ${count === 0 ? '–' : median.toFixed(1)} | ${count === 0 ? '–' : p99.toFixed(1)} |`
}

function beside(threads: readonly Thread[], fault: Thread['fault'], who: Who): string {
  const mine = threads.filter((one) => one.who === who && one.fault === fault)
  const { count, median, p99 } = spread(mine.flatMap(({ well }) => well ?? []))
  return `| ${fault} | ${WHO[who]} | ${count} | ${count === 0 ? '–' : median.toFixed(1)} | ${count === 0 ? '–' : p99.toFixed(1)} | ${mine.length - count} |`
}
