import { stringify } from 'yaml'
import { suggest } from '../contract/nearest.ts'
import { Source } from '../read/source.ts'
import { generate } from './generate.ts'
import { sayProblems, type Exit, type Output } from './output.ts'

/** Prints the contract of one declaration for people who read no TypeScript. */
export function runExplain(root: string, output: Output, name: string, isJson: boolean): Exit {
  const { contracts, problems } = generate(new Source(root))
  if (problems.length > 0) {
    sayProblems(output, problems)
    return 1
  }
  const all = [...contracts.components, ...contracts.plans, ...contracts.resources, ...contracts.events, ...contracts.beacons]
  const wanted = name.replaceAll(/[-/]/g, '_')
  const found = all.find((contract) => contract.name === wanted)
  if (!found) {
    output.err(`\`${name}\` is not declared; expected the name of a component, plan or resource; ${suggest(wanted, all.map((contract) => contract.name))}`)
    return 2
  }
  output.out(isJson ? JSON.stringify(found, null, 2) : stringify(found, { lineWidth: 100 }).trimEnd())
  return 0
}
