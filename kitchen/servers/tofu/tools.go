// Pins the packages that the build of tofu needs; never compiled into anything else.

//go:build tools

package build

import _ "github.com/opentofu/opentofu/cmd/tofu"
