// Pins the packages that the build of caddy needs; never compiled into anything else.

//go:build tools

package build

import _ "github.com/caddyserver/caddy/v2/cmd/caddy"
