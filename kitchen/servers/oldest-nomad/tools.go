// Pins the packages that the build of oldest-nomad needs; never compiled into anything else.

//go:build tools

package build

import _ "github.com/hashicorp/nomad"
