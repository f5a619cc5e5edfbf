module eos.lab/whoami

go 1.25.8

require github.com/lib/pq v1.10.9
