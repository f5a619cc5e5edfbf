import { SCHEMA_VERSION } from '../contract/canonical.ts'
import type { ComponentContract } from '../contract/types.ts'
import { fromJson, py } from './python.ts'
import { header } from './header.ts'

/** `eos` in a top file: the host components of a node, each after what it needs. */
export function initSls(components: readonly ComponentContract[]): string {
  const hosts = components.filter(({ spec }) => spec.on === 'host' && spec.each === undefined)
  const names = hosts.map(({ name }) => name)
  const needs = Object.fromEntries(hosts.map(({ name, spec }) => [name, spec.needs.filter((need) => names.includes(need))]))
  return `#!py
${header('src/components')}"""The host components of this node: what highstate converges; Nomad is left to eos.apply."""

from saltext.eos.utils import sls as eos

NEEDS = ${py(fromJson(needs), 0, 8, 1)}


def run():
    """Return the host components of this node, each after what it needs."""
    here = eos.here(__pillar__, NEEDS)
    return {
        "include": [f"eos.{name}" for name in here],
        "extend": {
            f"{name} guard": {
                "eos_guard": [
                    {"require": [{"sls": f"eos.{need}"} for need in NEEDS[name] if need in here]},
                ],
            }
            for name in here
            if any(need in here for need in NEEDS[name])
        },
        "eos guard": {"eos_guard.compiled": [{"schema": ${SCHEMA_VERSION}}]},
    }
`
}
