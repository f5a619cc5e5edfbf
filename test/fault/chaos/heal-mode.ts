import { parse, stringify } from 'yaml'
import { onNode, writeOnNode } from '../../../kitchen/node/container.ts'
import { PILLAR_FILE, SALT_YAML } from '../../../kitchen/stack/pillar.ts'
import { NODE } from './node.ts'

/** Writes what healing may do into the pillar; returns what puts the pillar back. */
export async function setHealing(heal: Readonly<Record<string, unknown>>): Promise<() => Promise<void>> {
  const before = await onNode(NODE, ['cat', PILLAR_FILE])
  const pillar: { readonly eos: Readonly<Record<string, unknown>> } = parse(before, SALT_YAML)
  await write(stringify({ ...pillar, eos: { ...pillar.eos, heal } }, SALT_YAML))
  return () => write(before)
}

async function write(text: string): Promise<void> {
  await writeOnNode(NODE, PILLAR_FILE, text)
  await onNode(NODE, ['chown', 'root:salt', PILLAR_FILE])
  await onNode(NODE, ['chmod', '0640', PILLAR_FILE])
}
