import { basename } from 'node:path'
import { GenericContainer, type StartedTestContainer, Wait } from 'testcontainers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nodeImage } from '../../kitchen/node/image.ts'
import { LABEL, saltVersions, settings } from '../../kitchen/settings.ts'
import { productWheel } from '../../kitchen/stack/wheel.ts'

const MINUTE = 60_000

describe.each(saltVersions)('the wheel on a fresh machine with Salt %s', (version) => {
  let machine: StartedTestContainer
  let wheel: string

  /** Runs a command on the machine; output and errors together, as a person sees them. */
  async function run(...command: string[]): Promise<{ readonly code: number; readonly output: string }> {
    const { exitCode, output } = await machine.exec(command)
    return { code: exitCode, output }
  }

  beforeAll(async () => {
    wheel = await productWheel()
    machine = await new GenericContainer(await nodeImage(version))
      .withLabels({ [LABEL]: settings.name })
      .withHostname('m1')
      .withAddedCapabilities('SYS_ADMIN', 'NET_ADMIN', 'SYS_PTRACE')
      .withSecurityOpt('seccomp=unconfined', 'apparmor=unconfined')
      .withBindMounts([{ source: '/sys/fs/cgroup', target: '/sys/fs/cgroup', mode: 'rw' }])
      .withTmpFs({ '/run': 'exec', '/run/lock': '', '/tmp': 'exec' })
      .withEnvironment({ container: 'docker' })
      .withCommand(['/lib/systemd/systemd'])
      .withCopyFilesToContainer([{ source: wheel, target: `/root/${basename(wheel)}` }])
      .withWaitStrategy(Wait.forSuccessfulCommand('systemctl is-system-running | grep -qE "running|degraded"'))
      .start()
    expect(await run('/opt/salt/bin/pip', 'install', '--quiet', '--no-index', '--no-deps', '--root-user-action=ignore', `/root/${basename(wheel)}`)).toEqual({ code: 0, output: '' })
  }, 3 * MINUTE)

  afterAll(async () => {
    await machine.stop()
  })

  test('configures master and minion, and finds nothing to do the second time', async () => {
    for (const verb of ['configure-master', 'configure-minion']) {
      const first = await run('/opt/salt/bin/saltext-eos', verb, '--yes', '--json')
      expect(first.code, first.output).toBe(0)
      expect(first.output).toMatch(/"written": true/)
      expect((await run('/opt/salt/bin/saltext-eos', verb, '--yes', '--json')).output).toMatch(/"written": false/)
    }
  }, MINUTE)

  test('is found by a master that runs as user salt', async () => {
    expect((await run('systemctl', 'start', 'salt-master')).code).toBe(0)
    expect((await run('sh', '-c', 'ps -o user= -p "$(systemctl show --value -p MainPID salt-master)"')).output.trim()).toBe('salt')
    const found = await run('salt-run', '--out=json', 'fileserver.file_list')
    expect(found.output).toMatch(/"eos\/bootstrap\.sls"/)
  }, MINUTE)

  test('has its engine answer on a socket that only the sidecar may reach', async () => {
    await expect.poll(async () => (await run('stat', '-c', '%F %U %G %a', '/run/eos/bridge.sock')).output.trim(), { timeout: MINUTE }).toBe('socket salt eos 660')
    expect((await run('stat', '-c', '%U %G %a', '/run/eos')).output.trim()).toBe('salt eos 2750')
    const bridge = await run('salt-run', '--out=json', '--log-level=quiet', 'eos.bridge')
    expect(bridge.output).toMatch(/"last_row"/)
  }, 2 * MINUTE)

  test('gives a minion its modules and states', async () => {
    const found = await run('salt-call', '--local', '--out=json', 'sys.list_modules', 'eos_*')
    expect(found.output).toMatch(/"eos_gate"/)
  }, MINUTE)

  test('is taken back by remove', async () => {
    const removed = await run('/opt/salt/bin/saltext-eos', 'remove', '--yes', '--json')
    expect(removed.code, removed.output).toBe(0)
    expect((await run('sh', '-c', 'ls /etc/salt/master.d /etc/salt/minion.d | grep -c eos || true')).output.trim()).toBe('0')
  }, MINUTE)
})
