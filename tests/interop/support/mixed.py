# SPDX-License-Identifier: MIT
"""Other people's proxies before and behind a gateway: squid and httpd, with
Digest and without, alone and before a next proxy."""
import os

from support.engines import HTTPD_BASE, REALM, Engine, free_port

SQUID = """
pid_filename {folder}/pid
cache_log {folder}/error
access_log none
cache deny all
coredump_dir {folder}
pinger_enable off
shutdown_lifetime 0 seconds
visible_hostname localhost
"""

SQUID_LOGIN = """
auth_param digest program /usr/lib/squid/digest_file_auth -c {folder}/www/.users
auth_param digest children 1
auth_param digest realm {realm}
{more}
acl known proxy_auth REQUIRED
"""

HTTPD = HTTPD_BASE + """
LoadModule env_module /usr/lib/apache2/modules/mod_env.so
LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so
LoadModule proxy_http_module /usr/lib/apache2/modules/mod_proxy_http.so
LoadModule proxy_connect_module /usr/lib/apache2/modules/mod_proxy_connect.so
ThreadsPerChild 16
MaxRequestWorkers 16
"""

HTTPD_DOOR = """
Listen 127.0.0.1:{port}
<VirtualHost 127.0.0.1:{port}>
    ProxyRequests On
    ProxyVia On
    AllowCONNECT {connect}
    {next}
    {more}
    <Proxy "*">
        {login}
    </Proxy>
</VirtualHost>
"""

HTTPD_LOGIN = """
        AuthType Digest
        AuthName "{realm}"
        AuthDigestProvider file
        AuthUserFile "{folder}/www/.users"
        Require valid-user
"""



def start(command, conf, doors, **values):
    """An engine with several doors; `at`: the URL of each."""
    engine = Engine(command, conf, **values)
    engine.at = {name: f"http://127.0.0.1:{port or engine.port}"
                 for name, port in doors.items()}
    return engine


def open_doors(names):
    """A port for each; the first is the engine's own."""
    return {name: free_port() if i else None
            for i, name in enumerate(names)}


def squid(name, behind=None, peer="", login=None):
    """One door, `name`. `behind`: the port of a next proxy, with `peer` as
    options of its cache_peer. `login`: more lines about Digest; None: nobody
    is asked. One process each: squid shares connections to a next proxy among
    doors that have different options for it."""
    lines = ["http_port 127.0.0.1:{port}"]
    if behind is not None:
        lines += [f"cache_peer 127.0.0.1 parent {behind} 0 no-query no-digest "
                  f"default {peer}", "never_direct allow all"]
    who = "all" if login is None else "known"
    lines = [*lines, "http_access allow " + who, "http_access deny all"]
    if login is not None:
        lines = [SQUID_LOGIN.format(folder="{folder}", realm=REALM,
                                    more=login), *lines]
    return start(["/usr/sbin/squid", "-N", "-f", "{conf}"],
                 SQUID + "\n".join(lines) + "\n", {name: None})


def httpd(doors, behind, connect):
    """`doors`: {name: (whether it asks for Digest, whether it goes to
    `behind`, a port, and more lines)}; `connect`: ports of CONNECT."""
    ports = open_doors(doors)
    conf = HTTPD
    for name, (asks, goes, more) in doors.items():
        conf += HTTPD_DOOR.format(
            port=ports[name] or "{port}", connect=connect,
            next=f"ProxyRemote * http://127.0.0.1:{behind}" if goes else "",
            login=HTTPD_LOGIN if asks else "Require all granted", more=more)
    user = "User www-data\nGroup www-data" if os.geteuid() == 0 else ""
    return start(["/usr/sbin/apache2", "-X", "-f", "{conf}"], conf, ports,
                 user=user)
