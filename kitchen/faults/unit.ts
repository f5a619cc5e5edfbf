import { attemptOnNode, onNode, writeOnNode } from '../node/container.ts'

/** The configuration of Caddy, which Eos writes. */
const CADDY = '/etc/caddy/eos.json'

/** Spoils the configuration of Caddy and restarts it: systemd starts it again and again, and it never stays up. */
export async function breakCaddy(master: string): Promise<void> {
  await writeOnNode(master, CADDY, 'this was a configuration\n')
  await attemptOnNode(master, ['systemctl', '--no-block', 'restart', 'caddy'])
}

/** Whether Caddy runs. */
export async function caddyRuns(master: string): Promise<boolean> {
  return (await attemptOnNode(master, ['systemctl', 'is-active', 'caddy'])).stdout.trim() === 'active'
}

/** What opens Vault when it starts. */
const OPENER = 'eos-vault-unseal.service'
/** Keeps back what opens Vault when it starts; gone with the next start of the machine. */
const HINDRANCE = `/run/systemd/system/${OPENER}.d/fault.conf`

/** Restarts Vault while what opens it at its start cannot run, as when its share was out of reach at that moment: it stays sealed. */
export async function sealVault(master: string): Promise<void> {
  await writeOnNode(master, HINDRANCE, '[Service]\nExecCondition=/bin/false\n')
  await onNode(master, ['systemctl', 'daemon-reload'])
  try {
    await onNode(master, ['systemctl', 'restart', 'vault'])
    // It was wanted with that start: this returns once it has had its turn.
    await onNode(master, ['systemctl', 'start', OPENER])
  } finally {
    await onNode(master, ['rm', HINDRANCE])
    await onNode(master, ['systemctl', 'daemon-reload'])
  }
}

/** Whether Vault answers that it is unsealed; it says so to anybody. */
export async function vaultIsOpen(master: string): Promise<boolean> {
  const outcome = await attemptOnNode(master, ['curl', '--silent', '--cacert', '/etc/eos/tls/ca.pem', '--output', '/dev/null', '--write-out', '%{http_code}', 'https://127.0.0.1:8200/v1/sys/health'])
  return outcome.stdout.trim() === '200'
}
