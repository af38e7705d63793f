# SPDX-License-Identifier: Apache-2.0
"""Real mail servers from Debian packages, each in a private directory on loopback.

Every module starts one kind of server.  What they share:

* `port(tls, variant)` is a port on 127.0.0.1 where the server listens;
* `log(variant)` is the server's own log, which tells how many logins a client tried;
* `mechanisms` is what it offers; `stop()` ends it and removes its directory.

A variant is the same server with one thing wrong: `good`, `untrusted`, `self_signed`,
`expired`, `wrong_name` (its certificate) or `backend_down` (its password database).
"""

HOST_NAME = "mx.example.test"
TLS_MODES = ("starttls", "implicit")
CERTIFICATE_FAULTS = ("untrusted", "self_signed", "expired", "wrong_name")
