# The pillar's top.sls. Orchestrations take their pillar from `<id of the master>_master`:
# leave that line out, and Eos refuses to start and prints it.
base:
  '*':
    - eos
  '*_master':
    - eos
