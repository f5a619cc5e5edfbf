import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync, mkdtempSync, rmSync } from 'node:fs'
import { cpus, loadavg, release, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { number, rows, text } from './harness/value.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const RESULTS = fileURLToPath(new URL('results/', import.meta.url))

/** Runs every fault and fuzz test, with `--all` in its long form, and writes what came of each, with the date, into test/fault/results. */
function main(): number {
  const folder = mkdtempSync(join(tmpdir(), 'eos-fault-report-'))
  const file = join(folder, 'report.json')
  const args = ['node_modules/vitest/vitest.mjs', 'run', '--dir', 'test', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`, '--maxWorkers=2', 'test/fault/', 'test/fuzz/']
  const form = process.argv.includes('--all') ? 'all' : 'default'
  const { status } = spawnSync(process.execPath, args, { cwd: ROOT, stdio: 'inherit', env: { ...process.env, EOS_FAULT: form } })
  const report: unknown = JSON.parse(readFileSync(file, 'utf8'))
  rmSync(folder, { recursive: true, force: true })
  const day = new Date().toISOString().slice(0, 10)
  mkdirSync(RESULTS, { recursive: true })
  writeFileSync(join(RESULTS, `${day}-${form}.md`), page(day, form, report))
  return status ?? 1
}

function page(day: string, form: string, report: unknown): string {
  const tests = rows(report, 'testResults').flatMap((one) => rows(one, 'assertionResults'))
  const lines = tests.map((one) => {
    const milliseconds = number(one, 'duration')
    const state = { passed: 'pass', failed: '**fail**' }[text(one, 'status')] ?? 'skip'
    return `| ${text(one, 'title').replaceAll('|', '\\|')} | ${state} | ${Number.isNaN(milliseconds) || state === 'skip' ? '' : (milliseconds / 1_000).toFixed(1)} |`
  })
  const count = (state: string): number => tests.filter((one) => text(one, 'status') === state).length
  const commit = execFileSync('git', ['rev-parse', '--short=12', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).trim()
  return `# Faults and fuzz, ${form} form, ${day}

Commit ${commit}, Linux ${release()}, ${cpus().length} processors, Node ${process.version}; Nomad 1.11.3 and Consul 1.22.2 built by the kitchen.
${count('passed')} passed, ${count('failed')} failed, ${tests.length - count('passed') - count('failed')} skipped. Load of the machine at the end ${loadavg().map((load) => load.toFixed(1)).join(', ')}. Written by \`node test/fault/report.ts\`.

| claim | result | s |
| --- | --- | ---: |
${lines.toSorted().join('\n')}
`
}

process.exitCode = main()
