import { ts, type Node } from 'ts-morph'

/** The JSDoc text above a node: one paragraph per blank line, lines joined; undefined when there is none. */
export function documentation(node: Node): string | undefined {
  const doc = ts.getJSDocCommentsAndTags(node.compilerNode).filter(ts.isJSDoc).at(-1)
  const text = ts.getTextOfJSDocComment(doc?.comment)?.trim()
  if (!text) return undefined
  return text
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.replaceAll(/\s*\n\s*/g, ' ').trim())
    .join('\n\n')
}
