# SPDX-License-Identifier: Apache-2.0
"""The usual inhabitants of the lab: a good mail server, and a second network to compare.

    world.serve()                         a good server on 25, 465 and 587
    world.serve(587, answers={...})       587 misbehaves so, and nothing else is there
    options = world.control()             an SMTP host and a web port in the other network
"""

from lab import OTHER, SERVER, in_family

IMPLICIT_PORTS = (465,)
SMTP_PORTS = (25, 465, 587)
WEB_PORT = 443
SILENT = {"greeting": "!silence"}
PATIENT = 6  # seconds: time for a second look beside a session that is silent
EVERYWHERE, EVERYWHERE6 = "0.0.0.0", "::"
INTERCEPTOR_PORT = 3025
MACHINE = "web7.hosting.example.net"
PROXY_NAME = "smtp-proxy.example.net"


class World:
    def __init__(self, lab, authority):
        self.lab, self.authority = lab, authority

    def settings(self, port, address=SERVER, **more):
        usual = {"at": [address, port], "certificate": self.authority.place("good")}
        if port in IMPLICIT_PORTS:
            usual["implicit"] = True
        return {**usual, **more}

    def serve(self, *ports, families=(4, 6), beside=(), address=SERVER, **more):
        """Servers at the address that all do what `more` says, good ones beside them."""
        wanted = [(port, more) for port in ports or SMTP_PORTS]
        wanted += [(port, {}) for port in beside]
        return self.lab.mail_hosts("server", *[
            self.settings(port, in_family(address, family), **what)
            for family in families for port, what in wanted])

    def control(self, host=OTHER):
        """Starts both controls; returns the options that name them."""
        self.lab.mail_hosts("other", self.settings(587, OTHER),
                            {"at": [OTHER, WEB_PORT], **SILENT})
        return ["--control", f"{host}:587", "--control", f"{host}:{WEB_PORT}"]

    def web(self):
        """Something that is no mail server on the mail server's address."""
        return self.lab.mail_hosts("server", {"at": [SERVER, WEB_PORT], **SILENT})

    def local_server(self, **more):
        """An Exim of the client's own machine, called MACHINE, and the way to it."""
        place = self.authority.self_signed("local", MACHINE)
        self.lab.mail_hosts("client", {
            "at": [EVERYWHERE, INTERCEPTOR_PORT], "certificate": place, "name": MACHINE,
            "greeting": f"220-{MACHINE} ESMTP Exim 4.96 #2\r\n"
                        "220-We do not authorize the use of this system to transport\r\n"
                        "220 unsolicited, and/or bulk e-mail.", **more})
        self.lab.redirect("client", "output", f"ip daddr {SERVER} tcp dport 587",
                          INTERCEPTOR_PORT)

    def proxy(self, where, **more):
        """A transparent SMTP proxy on that router, for both families."""
        settings = {"certificate": self.authority.self_signed("proxy", PROXY_NAME),
                    "name": PROXY_NAME, "greeting": f"220 {PROXY_NAME} ESMTP", **more}
        ports = {"ipv4": INTERCEPTOR_PORT, "ipv6": INTERCEPTOR_PORT + 1}
        self.lab.mail_hosts(where, {"at": [EVERYWHERE, ports["ipv4"]], **settings},
                            {"at": [EVERYWHERE6, ports["ipv6"]], **settings})
        for family, port in ports.items():
            self.lab.redirect(where, "prerouting", f"meta nfproto {family} tcp dport 587", port)
