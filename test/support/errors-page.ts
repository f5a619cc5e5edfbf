import { CODES } from '../../src/contract/codes.ts'
import { ENGINE_CODES } from '../../src/contract/codes-engine.ts'
import { SIDECAR_CODES } from '../../src/sidecar/codes.ts'

const STAGES: { readonly [digit: string]: string } = {
  '1': 'Reading a declaration',
  '2': 'The contract as a whole',
  '3': 'Emitting and comparing',
  '4': 'Loading into real Salt',
}

/** The text of docs/errors.md. */
export function errorsPage(): string {
  const codes = Object.entries(CODES)
  const sections = Object.entries(STAGES).map(([digit, title]) => {
    const entries = codes.filter(([code]) => code.startsWith(`EOS${digit}`)).map(([code, { what, expected, advice, example }]) =>
      [`### ${code}: ${what}`, `Expected: ${expected}.`, `Do: ${advice}.`, `\`\`\`\n${example}\n\`\`\``].join('\n\n'),
    )
    return `## EOS${digit}xx: ${title.toLowerCase()}\n\n${entries.join('\n\n')}`
  })
  const sidecar = ['## EOS6xx: the sidecar', 'Printed by `eos-sidecar` and in its journal, in the same form without a place.', table(SIDECAR_CODES)]
  const engine = ['## EOS7xx: the engine', 'Answered to the sidecar by `eos_bridge` and logged by the master; a dead letter in the inbox has the code beside its reason.', table(ENGINE_CODES)]
  const head = `# Error codes

Every error of the generator has this form, and all errors of a run are printed at once, by file and line:

    <file>:<line>:<column> <code> <what is wrong>; expected <what was expected>; <what to do>
      <line> | <the line itself>
             |      ^^^^^ the place
      also <file>:<line>:<column>, for each other place that takes part

\`npm test\` fails when this page and the table in \`src/contract/codes*.ts\` differ; accept a wanted change with
\`npx vitest run test/contract/codes.test.ts -u\`.`
  return `${[head, ...sections, ...sidecar, ...engine].join('\n\n')}\n`
}

function table(codes: { readonly [code: string]: string }): string {
  return ['| code | about |', '| --- | --- |', ...Object.entries(codes).map(([code, about]) => `| ${code} | ${about} |`)].join('\n')
}
