# One node that carries the whole stack, and one application. Every key is in generated/docs/pillar.md.
# A misspelt key, a wrong type or an unknown role is refused with its path before a host is touched.
eos:
  stack:
    name: home
    domain: home.example
  topology:
    n1:                       # the minion's id
      address: 192.0.2.11
      memory: 16GiB
      cpus: 4
      roles:
        consul: [server]
        vault: [server]
        nomad: [server, client]
        docker: [engine]
        terraform: [runner]
        caddy: [edge]
        sidecar: [runner]
        healer: [runner]
  consul:
    datacenter: home
  # What Eos may do by itself. Without a word here it observes: it decides, tells what it would do, and does nothing.
  heal:
    mode: warn                # observe, warn or enforce
    components:
      consul: enforce
    jobs:
      miniflux-db: observe
    windows:
      backup: {kind: deny, opens: "02:30", lasts: 90m}
  apps:
    miniflux:
      image: registry.example/miniflux@sha256:0000000000000000000000000000000000000000000000000000000000000000
      memory: 128MiB
      port: 8080
      route: news.home.example
      database:
        engine: postgresql
        image: registry.example/postgresql@sha256:0000000000000000000000000000000000000000000000000000000000000000
        memory: 256MiB
      health:
        path: /healthcheck
