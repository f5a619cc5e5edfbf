// Pins the packages that the build of miniflux needs; never compiled into anything else.

//go:build tools

package build

import _ "miniflux.app/v2"
