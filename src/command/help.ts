/** What `--help` prints. */
export const HELP = `Usage:
  npm run generate [-- --watch] [-- --json]   declarations below src/ become files below generated/
  npm run check [-- --no-salt] [-- --json]    types, style, declarations, generated/ as it should be, and the tree loaded into real Salt
  npm run explain -- <name> [--json]          the contract of one declaration, as YAML

Options:
  --watch     stay, and generate again after each change; prints what changed and how long it took
  --json      problems and results as JSON on standard output
  --no-salt   leave out the part of check that needs the node image

Exit codes:
  0  done, nothing to complain about
  1  a declaration or the generated tree is wrong; every problem has been printed
  2  the call was wrong: unknown command, option or name`
