// Command provider-nomad is Eos's stand-in for the provider hashicorp/nomad.
//
// Where the vendor's registry is out of reach (the lab, the tests) it is served from a filesystem
// mirror under the real provider's source address. Its schema is that of the real provider 2.6.1
// for the resources that Eos emits; testdata/schema.json holds it and schema_test.go compares.
// It is never used in production, and says so in its version and in every log.
//
// Build, from this folder (static, reproducible, about 25 s cold):
//
//	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o terraform-provider-nomad_v2.6.1 .
//
// Place the file in a filesystem mirror, once per source host:
//
//	<mirror>/registry.opentofu.org/hashicorp/nomad/2.6.1+standin/linux_amd64/terraform-provider-nomad_v2.6.1
//	<mirror>/registry.terraform.io/hashicorp/nomad/2.6.1+standin/linux_amd64/terraform-provider-nomad_v2.6.1
//
// Tests: `go test ./...`; those against a real server need EOS_NOMAD (path of a nomad binary).
package main

import (
	"context"
	"flag"
	"fmt"
	"log"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
)

// version is what `-version` prints and what the provider reports to the caller.
const version = "2.6.1+standin"

func main() {
	address := flag.String("address", "registry.opentofu.org/hashicorp/nomad", "source address to serve under")
	isVersion := flag.Bool("version", false, "print the version and leave")
	flag.Parse()
	if *isVersion {
		fmt.Println("Eos lab stand-in for hashicorp/nomad", version)
		return
	}
	log.Printf("[WARN] this is the Eos lab's stand-in for hashicorp/nomad (%s), not the vendor's provider", version)
	options := providerserver.ServeOpts{Address: *address, ProtocolVersion: 5}
	if err := providerserver.Serve(context.Background(), newProvider, options); err != nil {
		log.Fatal(err)
	}
}
