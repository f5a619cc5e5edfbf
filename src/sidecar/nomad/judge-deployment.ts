import type { NomadDeployment } from '../../events/nomad/deployment.ts'
import { changedAt, type FindingOf } from './finding.ts'
import type { DeploymentRecord } from './record.ts'

type DeploymentFinding = FindingOf<'nomad/deployment'>
type Verb = NomadDeployment['verb']
type Cause = NomadDeployment['verdict']['cause']

/** Judges one deployment by the difference to what is remembered of it; pure. */
export function judgeDeployment(before: DeploymentRecord | null, after: DeploymentRecord): DeploymentFinding[] {
  const found: DeploymentFinding[] = []
  if (before === null) found.push(findingOf(after, 'started', 'version'))
  if (after.isWaiting && after.status === 'running' && before?.isWaiting !== true) found.push(findingOf(after, 'needs_promotion', 'canaries'))
  if (before?.status === after.status) return found
  if (after.status === 'successful') found.push(findingOf(after, 'succeeded', 'healthy'))
  if (after.status === 'cancelled') found.push(findingOf(after, 'cancelled', /job is stopped/.test(after.says) ? 'stopped' : 'superseded'))
  if (after.status === 'failed') {
    found.push(findingOf(after, 'failed', failureOf(after)))
    if (revertOf(after) !== null) found.push(findingOf(after, 'reverted', failureOf(after)))
  }
  return found
}

/** Version that Nomad goes back to, by its own words. */
function revertOf({ says }: DeploymentRecord): number | null {
  const [, version] = / - rolling back to job version (\d+)/.exec(says) ?? []
  return version === undefined ? null : Number(version)
}

function failureOf({ says }: DeploymentRecord): Cause {
  if (says.startsWith('Failed due to unhealthy')) return 'unhealthy'
  if (says.startsWith('Failed due to progress deadline')) return 'deadline'
  return says.startsWith('Deployment marked as failed') ? 'operator' : 'unknown'
}

function findingOf(after: DeploymentRecord, verb: Verb, cause: Cause): DeploymentFinding {
  const { namespace, job, id, says, status, version, placed, healthy, unhealthy, desired } = after
  return {
    event: 'nomad/deployment',
    verb,
    subject: { namespace, job, deployment: id },
    verdict: { cause, detail: says },
    change: { status, version, revertedTo: revertOf(after), placed, healthy, unhealthy, desired },
    links: { job },
    mark: '',
    settled: true,
    coalesced: 0,
    occurred: changedAt(after),
    clock: 'server',
  }
}
