import { SCHEMA_VERSION } from '../contract/canonical.ts'
import { header } from './header.ts'

/** `eos.objects`: what the pillar says of objects of Nomad, Consul and Vault, one after the other. */
export function objectsSls(): string {
  return `#!py
${header('src/resources')}"""The objects of the pillar: each is a state, in the order in which they need each other."""

from saltext.eos.utils import sls as eos


def run():
    """Return a state for each object below eos:objects; what is to go comes last."""
    states = {"objects guard": {"eos_guard.compiled": [{"schema": ${SCHEMA_VERSION}}, {"objects": True}]}}
    for one in eos.objects(__pillar__):
        states[one["id"]] = {
            one["run"]: [
                *({field: value} for field, value in one["with"].items()),
                {"require": [{"eos_guard": "objects guard"}]},
            ],
        }
    return states
`
}
