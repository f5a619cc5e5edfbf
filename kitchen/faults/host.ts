import { onNode } from '../node/container.ts'

/** Puts right what was put wrong. */
export type Restore = () => Promise<unknown>

/** The certificate of Caddy, which reads it when it starts. */
const CERTIFICATE = '/etc/eos/tls/caddy.pem'
/** Signs a certificate of a hundred days that ends tomorrow, with a key of its own. */
const AGED = `import datetime as d
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
key, now = ec.generate_private_key(ec.SECP256R1()), d.datetime.now(d.timezone.utc)
name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "aged")])
made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - d.timedelta(99), now + d.timedelta(1)).sign(key, hashes.SHA256())
print(made.public_bytes(serialization.Encoding.PEM).decode(), end="")`

/** Puts a certificate near its end in the place of Caddy's; nobody loads it meanwhile. */
export async function ageCertificate(master: string): Promise<Restore> {
  return replaced(master, CERTIFICATE, await onNode(master, ['/opt/salt/bin/python', '-c', AGED]))
}

/** Has the beacon take a file system for filling that has less than ninety percent left. */
export async function narrowRoom(master: string, minion: string): Promise<Restore> {
  const watch = (free: number): Promise<string> =>
    onNode(master, ['salt', minion, 'beacons.modify', 'eos_host', JSON.stringify([{ interval: 1 }, { restarts: 5 }, { free }, { hours: 24 }, { lifetime: 30 }, { ignore: [] }, { keep: 1000 }])])
  await watch(90)
  return () => watch(10)
}

/** Puts a token that no server knows in the place of the sidecar's for Nomad. */
export function refuseToken(master: string): Promise<Restore> {
  return replaced(master, '/etc/eos-sidecar/nomad.token', '00000000-0000-4000-8000-000000000000\n')
}

/** Writes another text into a file, which keeps its owner and mode. */
async function replaced(master: string, file: string, text: string): Promise<Restore> {
  const held = await onNode(master, ['cat', file])
  const write = (content: string): Promise<string> => onNode(master, ['sh', '-c', `cat > ${file}`], content)
  await write(text)
  return () => write(held)
}
