import { spawn } from 'node:child_process'
import { Failure } from '../run/failure.ts'
import { containerName, containerState } from '../node/container.ts'

/** Runs a command on a node with this terminal's input and output, and returns the command's own exit code. */
export async function exec(args: readonly string[]): Promise<number> {
  const [node, ...rest] = args
  const command = rest[0] === '--' ? rest.slice(1) : rest
  if (node === undefined || command.length === 0) {
    throw new Failure('exec got no node or no command; expected both', 'npm run lab -- exec n1 -- systemctl status salt-master', 2)
  }
  if ((await containerState(containerName(node))) !== 'running') {
    throw new Failure(`no running node ${node}; expected a container ${containerName(node)}`, 'npm run lab', 2)
  }
  const terminal = process.stdin.isTTY && process.stdout.isTTY ? ['--tty'] : []
  const child = spawn('docker', ['exec', '--interactive', ...terminal, containerName(node), ...command], { stdio: 'inherit' })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve(code ?? 1))
  })
}
