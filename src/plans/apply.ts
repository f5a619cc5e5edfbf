import { definePlan } from '../schema/index.ts'

/** Applies what the pillar says to the whole stack: the only way to change it. Use `test=True` first. */
export default definePlan({
  says: 'Apply the pillar to the stack.',
  onRed: 'stop-descendants',
  steps: {
    preflight: { do: 'run', runner: 'eos.preflight', undo: 'not-needed' },
    secrets: { do: 'run', runner: 'eos.secrets', needs: ['preflight'], undo: 'not-needed' },
    stack: { do: 'each', state: 'applied', order: 'needs', needs: ['secrets'], undo: 'not-needed' },
  },
})
