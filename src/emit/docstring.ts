import { WIDTH } from './python.ts'

/** Text that no `"""` can end and no backslash can change: JSDoc may hold anything. */
function harmless(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll(/"(?="|$)/g, '\\"')
}

/** A docstring of paragraphs at an indent; a single one that fits stays on one line. */
export function docstring(paragraphs: readonly string[], indent: number): string {
  const pad = ' '.repeat(indent)
  const [only] = paragraphs
  const line = `"""${harmless(only ?? '')}"""`
  if (paragraphs.length === 1 && indent + line.length <= WIDTH && !line.includes('\n')) return line
  const body = paragraphs.map((paragraph) => wrap(paragraph, indent)).join('\n\n')
  return `"""\n${body}\n${pad}"""`
}

/** Wraps a paragraph; lines that begin with a blank (code, definition lists) stay as they are. */
export function wrap(paragraph: string, indent: number, width = WIDTH): string {
  const pad = ' '.repeat(indent)
  return paragraph
    .split('\n')
    .flatMap((line) => (line === '' ? [''] : line.startsWith(' ') ? [pad + harmless(line)] : fill(harmless(line), width - indent).map((part) => pad + part)))
    .join('\n')
}

/** Breaks one line at blanks. */
export function fill(line: string, width: number): string[] {
  const lines: string[] = []
  for (const word of line.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}

/** Markdown code marks as Salt's documentation writes them. */
export function toRst(text: string): string {
  return text.replaceAll(/`([^`]+)`/g, '``$1``')
}
