pytest_plugins = ["plugin"]
def test_x(probe):
    with probe.login_server() as s:
        for a in ([], ["--tls"], ["-A","PLAIN"]):
            r = probe.log_in(s.port, *a, "--trace")
            print(r, r.peak_kib)
    assert 0
