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

/** Begins a program that asks Vault as its administrator, on the master; what follows is indented. */
const AS_ADMIN = `import json, salt.config
from saltext.eos.utils import sealed, vault
opts, at, name = salt.config.master_config("/etc/salt/master"), "https://127.0.0.1:8200", "eos-fault-seal"
with vault.session(at, sealed.require(opts, "vault_open.admin_secret_id")) as admin:`

/** Gives a role of its own the right to seal Vault, and seals it while it runs, as an operator does who fears for it. */
const SEAL = `${AS_ADMIN}
    rules = {"path": {"sys/seal": {"capabilities": ["update", "sudo"]}}}
    admin.put(f"/v1/sys/policies/acl/{name}", {"policy": json.dumps(rules)})
    role = f"/v1/auth/approle/role/{name}"
    admin.post(role, {"token_policies": [name], "token_ttl": 60, "token_max_ttl": 60})
    ids = admin.get(f"{role}/role-id")["data"]["role_id"], admin.post(f"{role}/secret-id", {})["data"]["secret_id"]
    vault.client(at, vault.login(at, *ids)).put("/v1/sys/seal")`

/** Takes that right away again. */
const UNRIGHT = `${AS_ADMIN}
    admin.delete(f"/v1/auth/approle/role/{name}")
    admin.delete(f"/v1/sys/policies/acl/{name}")`

/** Seals Vault while it runs. */
export async function sealByHand(master: string): Promise<void> {
  await onNode(master, ['/opt/salt/bin/python', '-c', SEAL])
}

/** Opens it as its custody is declared, as the alarm asks a person to. */
export async function openByHand(master: string): Promise<void> {
  await onNode(master, ['salt', '--timeout=60', master, 'state.apply', 'eos.vault_open'])
  await onNode(master, ['/opt/salt/bin/python', '-c', UNRIGHT])
}
