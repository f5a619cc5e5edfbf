import type { Nemesis } from './nemesis.ts'
import { onNode } from '../../../kitchen/node/container.ts'
import { python, sh, NODE } from './node.ts'

const KNOWN = `import json, sqlite3
db = sqlite3.connect("file:/var/lib/eos/healer.db?mode=ro", uri=True, timeout=5)
print(json.dumps([[one, action] for one, action in db.execute("SELECT id, action FROM decisions ORDER BY created DESC LIMIT 20")]))`

/** What is said on the engine's socket by somebody who may speak there and does not know how. */
const NOISE = `import os, random, socket, sys
dice = random.Random(int(sys.argv[1]))
def frame(data): return len(data).to_bytes(4, "big") + data
hello = b'{"kind":"hello","protocol":1,"schema":1,"instance":"noise","epoch":"noise-%d","version":"0.0.1","role":"active"}' % dice.getrandbits(32)
said = [dice.randbytes(4096), b"\\xff\\xff\\xff\\xff", frame(b"[]"), frame(b'{"kind":"batch","events":[{}]}'), frame(hello), frame(hello.replace(b'"role"', b'"contract":{},"role"')), frame(b"{" * 2000)]
for one in dice.choices(said, k=20):
    link = socket.socket(socket.AF_UNIX)
    link.settimeout(2)
    try:
        link.connect("/run/eos/bridge.sock")
        link.sendall(one)
        link.recv(4096)
    except OSError:
        pass
    link.close()
`

/** Decisions that nobody made, replayed ones and those of another subject, told by a minion; and noise on the engine's socket. */
export const garbage: Nemesis = {
  name: 'garbage',
  hypothesis: 'authority comes from the row of a decision: what a minion says is refused by the claim, and what is no frame ends its connection and nothing else',
  radius: 'the master’s bus and the engine’s socket; no server is touched',
  abort: 'a forged decision is claimed',
  strike: async ({ dice, forged }) => {
    if (dice.next() < 0.4) {
      await onNode(NODE, ['setpriv', '--reuid=eos', '--regid=eos', '--init-groups', 'python3', '-c', NOISE, String(dice.between(0, 1_000_000))])
      return 'noise on the socket, 20 connections'
    }
    const known: readonly (readonly [string, string])[] = JSON.parse(await python(KNOWN))
    const actions = ['resync', 'deregister', 'apply', 'evaluate', 'unseal']
    const tags = Array.from({ length: dice.between(1, 4) }, () => {
      const old = known[dice.between(0, Math.max(0, known.length - 1))]
      const id = old !== undefined && dice.next() < 0.5 ? old[0] : `forged-${dice.between(0, 1_000_000_000)}`
      forged.add(id)
      return { action: dice.pick('resync', ...actions), id }
    })
    for (const { action, id } of tags) await sh('timeout 60 salt-call --out=quiet event.send "eos/heal/decided/$1" "{\\"decision\\": \\"$2\\", \\"subject\\": {\\"node\\": \\"n1\\"}}" >/dev/null 2>&1; true', action, id)
    return `${tags.length} decisions told by a minion: ${tags.map(({ action, id }) => `${action} ${id.slice(0, 12)}`).join(', ')}`
  },
  mend: async () => undefined,
}
