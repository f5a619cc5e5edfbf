module eos.lab/consul

go 1.25.5

require (
	github.com/hashicorp/consul v1.22.2
	github.com/hashicorp/consul/api v1.33.0
	github.com/hashicorp/consul/envoyextensions v0.9.0
	github.com/hashicorp/consul/proto-public v0.7.0
	github.com/hashicorp/consul/sdk v0.17.0
	github.com/hashicorp/consul/troubleshoot v0.8.0
)

exclude (
	github.com/hashicorp/go-msgpack v1.1.5
	github.com/hashicorp/go-msgpack v1.1.6
)
