import { onNode } from '../node/container.ts'

/** Opens a secret of the stack where the custody key is, and gives it to one command by its environment: it never leaves the node. */
const OPEN = `import sys, salt.config
from saltext.eos.utils import sealed
sys.stdout.write(sealed.require(salt.config.master_config("/etc/salt/master"), sys.argv[1]))`

/** Runs the program of a server on the master's node with the stack's management token. */
async function withToken(node: string, secret: string, environment: string, command: readonly string[], input?: string): Promise<string> {
  const script = `token="$(/opt/salt/bin/python -c "$0" ${secret})" && export ${environment.replace('{token}', '"$token"')} && exec "$@"`
  return onNode(node, ['sh', '-c', script, OPEN, ...command], input)
}

/** Runs `nomad` as an operator would in an emergency. */
export function nomad(node: string, args: readonly string[], input?: string): Promise<string> {
  return withToken(node, 'nomad_acl.management_token', 'NOMAD_ADDR=https://127.0.0.1:4646 NOMAD_CACERT=/etc/eos/tls/ca.pem NOMAD_TOKEN={token}', ['nomad', ...args], input)
}

/** Runs `consul` as an operator would in an emergency. */
export function consul(node: string, args: readonly string[], input?: string): Promise<string> {
  return withToken(node, 'consul_acl.management_token', 'CONSUL_HTTP_ADDR=https://127.0.0.1:8501 CONSUL_CACERT=/etc/eos/tls/ca.pem CONSUL_HTTP_TOKEN={token}', ['consul', ...args], input)
}

/** One call of Consul's API with the management token; the body goes in and the answer comes out as JSON. */
export function consulApi(node: string, method: 'GET' | 'PUT', path: string, body?: object): Promise<string> {
  const send = body === undefined ? '' : '--data-binary @- '
  const call = `exec curl --silent --show-error --fail-with-body --max-time 60 --cacert "$CONSUL_CACERT" --header @<(echo "X-Consul-Token: $CONSUL_HTTP_TOKEN") --request "$0" ${send}"$CONSUL_HTTP_ADDR$1"`
  return withToken(node, 'consul_acl.management_token', 'CONSUL_HTTP_ADDR=https://127.0.0.1:8501 CONSUL_CACERT=/etc/eos/tls/ca.pem CONSUL_HTTP_TOKEN={token}', ['bash', '-c', call, method, path], body && JSON.stringify(body))
}
