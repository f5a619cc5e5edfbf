import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, release } from 'node:os'
import { join } from 'node:path'
import { projectPath } from '../../../kitchen/run/project.ts'
import { claim, type Claim } from './judge.ts'
import { NEMESES, type Run } from './run.ts'

/** Most memory that the engine may take, in MB. */
const MEMORY = 256

/** Every claim about a run, with those that the watcher can judge. */
export function claimsOf(run: Run): readonly Claim[] {
  const most = Math.max(0, ...run.looks.map(({ memory }) => memory))
  const { seconds, missing } = run.converged
  return [
    ...run.verdict.claims,
    claim('the stack is well within 15 minutes after the last nemesis', seconds !== null, seconds === null ? missing.join('; ') : `after ${seconds} s`),
    claim(`the engine never has more than ${MEMORY} MB of resident memory`, most <= MEMORY, `at most ${most} MB`),
    claim('no abort condition was met', run.aborted === null, run.aborted ?? 'none'),
  ]
}

/** Writes the result with its date; returns its path. */
export function writeReport(run: Run): string {
  const folder = projectPath('test', 'fault', 'results')
  mkdirSync(folder, { recursive: true })
  const path = join(folder, `${run.began.toISOString().slice(0, 10)}-chaos-${run.minutes}m.md`)
  writeFileSync(path, reportOf(run))
  return path
}

function reportOf(run: Run): string {
  const { audit } = run.verdict
  const states = count(run.looks.map(({ state }) => state))
  const acts = count(audit.acts.map(({ policy, action }) => `${policy ?? '?'} → ${action ?? '?'}`))
  return `# Chaos, ${run.minutes} minutes, ${run.began.toISOString().slice(0, 16)}Z

Commit ${run.commit}, seed ${run.seed}, Linux ${release()}, ${cpus().length} processors shared with other work. A lab of its own (\`kitchen/topologies/chaos.yaml\`): one node with Salt master and minion, Consul, Vault, Nomad, Docker, sidecar and healer in mode \`enforce\`.
Written by \`node test/fault/chaos.ts --minutes ${run.minutes} --seed ${run.seed}\`. The seed gives the same choices; what they meet differs from run to run.

## Claims

| claim | holds | |
| --- | --- | --- |
${claimsOf(run).map(({ says, holds, detail }) => `| ${says} | ${holds ? 'yes' : '**no**'} | ${cell(detail)} |`).join('\n')}

## What the healer did

${run.faults.length} faults (${shown(count(run.faults.map(({ name }) => name)))}) and ${run.nemeses.length} strikes (${shown(count(run.nemeses.map(({ name }) => name)))}).
Lines of the audit: ${shown(audit.kinds)}.
Acts decided: ${shown(acts) || 'none'}. Results: ${shown(audit.results) || 'none'}.
The engine, looked at every 5 s: ${shown(states)}. Facts behind: at most ${Math.max(0, ...run.looks.map(({ lag }) => lag ?? 0))}. Resident memory: at most ${Math.max(0, ...run.looks.map(({ memory }) => memory))} MB.

## Nemeses

| nemesis | hypothesis | blast radius | ends the run |
| --- | --- | --- | --- |
${NEMESES.map(({ name, hypothesis, radius, abort }) => `| ${name}${name === 'clock' && !run.hasClock ? ' (not played: no C compiler)' : ''} | ${hypothesis} | ${radius} | ${abort} |`).join('\n')}

For all of them: the run also ends when this machine has less than 1 GB of memory or 4 GB of disk left, or the node does not answer.

## What was done, by the second

| s | nemesis | fault |
| ---: | --- | --- |
${[...run.nemeses.map((one) => ({ ...one, isFault: false })), ...run.faults.map((one) => ({ ...one, isFault: true }))].toSorted((one, other) => one.second - other.second).map(({ second, name, what, isFault }) => (isFault ? `| ${second} | | ${name}: ${cell(what)} |` : `| ${second} | ${name}: ${cell(what)} | |`)).join('\n')}
`
}

function count(names: readonly string[]): Readonly<Record<string, number>> {
  const found: Record<string, number> = {}
  for (const name of names) found[name] = (found[name] ?? 0) + 1
  return found
}

function shown(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts).map(([name, number]) => `${name} ${number}`).join(', ')
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}
