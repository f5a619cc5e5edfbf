import { existsSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import { docker } from '../../kitchen/host/engine.ts'
import { attempt, type Outcome } from '../../kitchen/run/command.ts'
import { projectPath } from '../../kitchen/run/project.ts'
import { LABEL, settings } from '../../kitchen/settings.ts'
import { labStatus } from './stack.ts'

const MINUTE = 60_000

/** A lab of its own beside the tests', for what must not touch that one. */
const brief = { EOS_LAB: `${settings.name}-brief`, EOS_LAB_NETWORK: '172.30.79' } as const

function lab(args: readonly string[], options: { readonly input?: string; readonly env?: Readonly<Record<string, string>> } = {}): Promise<Outcome> {
  return attempt('npm', ['--silent', 'run', 'lab', '--', ...args], { cwd: projectPath(), ...options })
}

describe('npm run lab -- exec', () => {
  test('passes input, output and exit code through', async () => {
    const outcome = await lab(['exec', 'n1', '--', 'sh', '-c', 'cat; echo aside >&2; exit 7'], { input: 'given\n' })
    expect(outcome).toEqual({ code: 7, stdout: 'given\n', stderr: 'aside\n' })
  })

  test('hands arguments on as they are', async () => {
    const outcome = await lab(['exec', 'n1', '--', 'printf', '%s|', 'two words', '$HOME', '--flag'])
    expect(outcome.stdout).toBe('two words|$HOME|--flag|')
  })

  test('refuses a node that does not run, and says what to do', async () => {
    const outcome = await lab(['exec', 'n7', '--', 'true'])
    expect(outcome.code).toBe(2)
    expect(outcome.stderr).toMatch(/no running node n7; expected a container \S+-n7\nwhat to do: npm run lab/)
  })
})

describe('npm run lab with a wrong call', () => {
  test.each([
    { given: ['frobnicate'], want: /unknown verb frobnicate; expected one of up, status, exec, reinstall, demo, down/ },
    { given: ['up', '--fast'], want: /up: Unknown option '--fast'; expected --no-bootstrap, --topology/ },
    { given: ['up', '--topology', 'none'], want: /no topology none; expected .*none\.yaml/ },
    { given: ['demo', 'everything'], want: /demo got everything; expected events/ },
    { given: ['exec', 'n1'], want: /exec got no node or no command; expected both/ },
  ])('$given is refused with 2', async ({ given, want }) => {
    const outcome = await lab(given)
    expect(outcome.code).toBe(2)
    expect(outcome.stderr).toMatch(want)
    expect(outcome.stdout).toBe('')
  })
})

describe('npm run lab -- status --json', () => {
  test('is one object of nodes, components, apps and the CA on this machine', async () => {
    const status = await labStatus()
    expect(Object.keys(status)).toEqual(['nodes', 'components', 'apps', 'ca'])
    const [node] = status.nodes
    expect(node).toEqual({ name: 'n1', address: `${settings.network}.11`, roles: expect.arrayContaining(['nomad:client']) })
    expect(status.components.map(({ name }) => name)).toEqual(expect.arrayContaining(['host', 'docker', 'consul', 'vault', 'nomad', 'caddy']))
    for (const component of status.components) expect(component).toEqual({ name: component.name, node: 'n1', gate: 'passed' })
    expect(status.apps.find(({ name }) => name === 'miniflux')).toEqual({ name: 'miniflux', url: 'https://miniflux.eos.test', gate: 'passed' })
    expect(existsSync(status.ca)).toBe(true)
  }, MINUTE)

  test('fails where no lab stands, with what to do', async () => {
    const outcome = await lab(['status', '--json'], { env: brief })
    expect(outcome.code).toBe(1)
    expect(outcome.stderr).toMatch(/the lab is not up.*\nwhat to do: npm run lab/)
  })
})

describe('npm run lab -- down', () => {
  afterAll(() => lab(['down'], { env: brief }), MINUTE)

  test('leaves no container, volume or network behind, and leaves other labs alone', async () => {
    const started = await lab(['up', '--no-bootstrap'], { env: brief })
    expect(started.code, started.stderr).toBe(0)
    expect(await standing(brief.EOS_LAB)).toEqual({ containers: 2, volumes: 1, networks: 1 })
    const before = await standing(settings.name)
    const stopped = await lab(['down'], { env: brief })
    expect(stopped.code, stopped.stderr).toBe(0)
    expect(await standing(brief.EOS_LAB)).toEqual({ containers: 0, volumes: 0, networks: 0 })
    expect(await standing(settings.name)).toEqual(before)
  }, 5 * MINUTE)

  test('is content where nothing stands', async () => {
    const outcome = await lab(['down'], { env: brief })
    expect(outcome.code).toBe(0)
    expect(outcome.stderr).toMatch(/removed nothing/)
  })
})

async function standing(name: string): Promise<Readonly<Record<'containers' | 'volumes' | 'networks', number>>> {
  const filter = ['--quiet', '--filter', `label=${LABEL}=${name}`]
  const [containers, volumes, networks] = await Promise.all([docker('ps', '--all', ...filter), docker('volume', 'ls', ...filter), docker('network', 'ls', ...filter)])
  return { containers: count(containers), volumes: count(volumes), networks: count(networks) }
}

function count(output: string): number {
  return output === '' ? 0 : output.split('\n').length
}
