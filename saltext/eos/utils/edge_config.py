"""Compile the routes of the pillar's applications into Caddy's own configuration."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

ADMIN_SOCKET = "/run/caddy/admin.sock"
FORGEABLE = [
    "Forwarded",
    "Remote-*",
    "True-Client-Ip",
    "X-Auth-*",
    "X-Authentik-*",
    "X-Client-Ip",
    "X-Email",
    "X-Forwarded-Access-Token",
    "X-Forwarded-Email",
    "X-Forwarded-Groups",
    "X-Forwarded-Preferred-Username",
    "X-Forwarded-Roles",
    "X-Forwarded-User",
    "X-Forwarded-Username",
    "X-Groups",
    "X-Real-Ip",
    "X-Remote-*",
    "X-User",
    "X-User-*",
    "X-Username",
    "X-Vouch-*",
    "X-Webauth-*",
    "*_*",
]
"""
Request headers that some application takes for the identity of its user. The last one is every
header with an underscore: CGI and WSGI read ``Remote_User`` as ``Remote-User``.
"""
STRICT = "max-age=31536000"
_HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")


def routes(apps: Mapping[str, Any]) -> dict[str, str]:
    """
    Give the application of each host name, by host name.

    :raises ValueError: a route is no host name, or two applications claim one.
    """
    found: dict[str, str] = {}
    for name, app in sorted(apps.items()):
        host = (app or {}).get("route")
        if host is None:
            continue
        if not _HOST.fullmatch(host):
            raise ValueError(
                f"eos:apps:{name}:route is {host!r}; expected a host name in lower case with a dot"
            )
        if host in found:
            raise ValueError(
                f"eos:apps:{name}:route and eos:apps:{found[host]}:route are both {host}; expected "
                "a host name of its own for each application"
            )
        found[host] = name
    return found


def config(
    found: Mapping[str, str], *, domain: str, http: int, https: int, dns: int
) -> dict[str, Any]:
    """
    Give Caddy's configuration.

    :param found: application by host name.
    :param domain: the stack's domain; its certificate answers a client that names no host.
    :param http: port that only redirects.
    :param https: port of the routes.
    :param dns: port of Consul's DNS on the loopback.
    """
    return {
        "admin": {"listen": f"unix/{ADMIN_SOCKET}|0200", "config": {"persist": False}},
        "logging": {"logs": {"default": {"level": "INFO", "encoder": {"format": "json"}}}},
        "apps": {
            "http": {
                "http_port": http,
                "https_port": https,
                "servers": {
                    "edge": {
                        "listen": [f":{https}"],
                        "protocols": ["h1", "h2"],
                        "automatic_https": {"disable": True},
                        "tls_connection_policies": [{"default_sni": domain}],
                        "routes": [
                            {
                                "handle": [
                                    {"handler": "headers", "request": {"delete": FORGEABLE}},
                                    {
                                        "handler": "headers",
                                        "response": {
                                            "set": {"Strict-Transport-Security": [STRICT]},
                                            "deferred": True,
                                        },
                                    },
                                ]
                            },
                            *[_route(host, name, dns) for host, name in sorted(found.items())],
                            {"handle": [_said(404, "no application has this host name\n")]},
                        ],
                        "errors": {
                            "routes": [
                                {
                                    "handle": [
                                        _said(
                                            "{http.error.status_code}",
                                            "{http.error.status_code} {http.error.status_text}\n",
                                        )
                                    ]
                                }
                            ]
                        },
                    },
                    "redirect": {
                        "listen": [f":{http}"],
                        "protocols": ["h1"],
                        "automatic_https": {"disable": True},
                        "routes": [{"handle": [_redirect(https)]}],
                    },
                },
            },
            "tls": {
                "certificates": {
                    "load_files": [
                        {
                            "certificate": "/etc/eos/tls/caddy.pem",
                            "key": "/etc/eos/tls/caddy.key",
                        }
                    ]
                }
            },
        },
    }


def _route(host: str, name: str, dns: int) -> dict[str, Any]:
    """Send a host name to the healthy instances that Consul knows; none of them means 503."""
    return {
        "match": [{"host": [host]}],
        "terminal": True,
        "handle": [
            {
                "handler": "reverse_proxy",
                "dynamic_upstreams": {
                    "source": "srv",
                    "name": f"{name}.service.consul",
                    "refresh": "2s",
                    "dial_timeout": "2s",
                    "resolver": {"addresses": [f"127.0.0.1:{dns}"]},
                },
                "load_balancing": {
                    "selection_policy": {"policy": "random"},
                    "retries": 2,
                    "try_duration": "2s",
                },
                # Consul names instances in its own zone, which no other resolver knows.
                "transport": {
                    "protocol": "http",
                    "dial_timeout": "2s",
                    "resolver": {"addresses": [f"127.0.0.1:{dns}"]},
                },
            }
        ],
    }


def _said(status: int | str, body: str) -> dict[str, Any]:
    return {
        "handler": "static_response",
        "status_code": status,
        "headers": {"Content-Type": ["text/plain; charset=utf-8"]},
        "body": body,
    }


def _redirect(https: int) -> dict[str, Any]:
    port = "" if https == 443 else f":{https}"
    return {
        "handler": "static_response",
        "status_code": 308,
        "headers": {"Location": [f"https://{{http.request.host}}{port}{{http.request.uri}}"]},
    }
