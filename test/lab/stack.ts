import { readFile } from 'node:fs/promises'
import { run } from '../../kitchen/run/command.ts'
import { projectPath } from '../../kitchen/run/project.ts'

/** What `npm run lab -- status --json` promises to scripts. */
export interface Status {
  readonly nodes: readonly { readonly name: string; readonly address: string; readonly roles: readonly string[] }[]
  readonly components: readonly { readonly name: string; readonly node: string; readonly gate: string }[]
  readonly apps: readonly { readonly name: string; readonly url: string | null; readonly gate: string }[]
  readonly ca: string
}

/** The lab as its own command tells it. */
export async function labStatus(): Promise<Status> {
  const printed = await run(process.execPath, [projectPath('kitchen', 'lab.ts'), 'status', '--json'])
  const found: Status = JSON.parse(printed)
  return found
}

/** The address of the edge and the PEM of the site's CA. */
export async function edge(): Promise<{ readonly address: string; readonly ca: string }> {
  const status = await labStatus()
  const node = status.nodes.find((one) => one.roles.some((role) => role.startsWith('caddy')))
  if (node === undefined) throw new Error(`no node has the role caddy; expected one among ${JSON.stringify(status.nodes)}`)
  return { address: node.address, ca: await readFile(status.ca, 'utf8') }
}
