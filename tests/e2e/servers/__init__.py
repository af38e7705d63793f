# SPDX-License-Identifier: Apache-2.0
"""Real mail servers from Debian packages, each in a private directory on loopback.

Every module starts one kind of server.  What they share:

* `Server.port(tls, variant)` is a port on 127.0.0.1 that listens;
* `Server.mark()` and `Server.login_attempts()` tell from the server's own log what a
  client did there.

A variant is the same server with one thing wrong: `good`, `untrusted`, `self_signed`,
`expired`, `wrong_name` (its certificate) or `backend_down` (its password database).
"""

HOST_NAME = "mx.example.test"
TLS_MODES = ("starttls", "implicit")
CERTIFICATE_FAULTS = ("untrusted", "self_signed", "expired", "wrong_name")
