# SPDX-License-Identifier: Apache-2.0
"""check_smtp_auth --decode: what a pasted reply means. Nothing is connected.

Exit 0, or 3 for what cannot be answered; whatever the reply says, no state of a plugin.
"""

import json
import select
import socket
import subprocess
import time

import pytest

from plugin import probe  # noqa: F401 (a fixture)

KEYS = {"cause", "reason", "confidence", "evidence", "advice"}
MEGABYTE = 1 << 20
LABELS = ["what it says:", "what it means:", "how sure:", "do:", "source:"]
FAULT_LABELS = ["cause:", "who can act:"]
REFUSED = "535 5.7.8 Error: authentication failed"
LATER = "454 4.7.0 Temporary authentication failure"


def decode(probe, *arguments, stdin=None, **options):
    run = probe.run("--decode", *arguments, stdin=stdin, **options)
    assert run.stderr == "", run
    return run


def verdict(probe, reply, *arguments, **options):
    run = decode(probe, reply, "--output", "json", *arguments, **options)
    assert run.exit_code == 0, run
    assert run.stdout.count("\n") == 1, run
    assert set(run.report) == KEYS, run
    assert run.report["evidence"] and run.report["advice"], run
    return run.report


def assert_printable(text):
    assert all(" " <= char <= "~" for char in text.replace("\n", "")), text


# ---- one reply ----------------------------------------------------------------------


def test_text_is_a_paragraph(probe):
    run = decode(probe, LATER, "--phase", "auth")
    assert run.exit_code == 0, run
    for label in LABELS + FAULT_LABELS:
        assert f"\n{label}" in "\n" + run.stdout, run
    assert f'to AUTH the server answered "{LATER}"' in run.stdout, run
    assert "do not change the password" in run.stdout, run
    assert "RFC 4954" in run.stdout, run
    assert "the administrator of the mail server" in run.stdout, run
    assert_printable(run.stdout)


@pytest.mark.parametrize("reply,meaning", [
    ("235 2.7.0 Accepted", "the login was accepted"),
    ("250 OK", "no failure: the server agrees"),
    ("334 VXNlcm5hbWU6", "no failure: the server asks the client to go on"),
])
def test_success_names_no_fault(probe, reply, meaning):
    run = decode(probe, reply)
    assert run.exit_code == 0, run
    assert meaning in run.stdout, run
    for label in FAULT_LABELS:
        assert label not in run.stdout, run


@pytest.mark.parametrize("arguments,cause,reason", [
    ((REFUSED,), "credentials", "bad_credentials"),
    ((LATER,), "unavailable", "auth_backend_down"),
    (("535 5.7.3 Authentication unsuccessful", "--mechanism", "XOAUTH2"),
     "credentials", "token_invalid"),
    (("535 no", "--target", "smtp.gmail.com:465", "--banner", "220 mail.example Exim"),
     "interference", "proxy_error"),
    ((REFUSED, "--target", "smtp.gmail.com", "--banner", "220 smtp.gmail.com gsmtp"),
     "credentials", "bad_credentials"),
    (("530 5.7.0 Authentication required", "--phase", "mail"), "server_config",
     "auth_required"),
    (("502 unimplemented (#5.5.1)", "--phase", "auth"), "server_config",
     "auth_not_offered"),
    (("235 ok",), "none", "none"),
])
def test_verdict(probe, arguments, cause, reason):
    report = verdict(probe, *arguments)
    assert (report["cause"], report["reason"]) == (cause, reason), report


def test_only_what_counted_is_evidence(probe):
    common = ("--mechanism", "XOAUTH2", "--target", "smtp.gmail.com")
    greeted = verdict(probe, "535 no password", "--banner", "220 mail.example", *common)
    assert len(greeted["evidence"]) == 4, greeted
    assert "smtp.gmail.com" in greeted["evidence"][1], greeted
    assert '"220 mail.example"' in greeted["evidence"][2], greeted
    token = verdict(probe, "535 no password", "--phase", "auth", *common)
    assert token["evidence"] == ['to AUTH the server answered "535 no password"',
                                 "the mechanism was XOAUTH2"], token
    later = verdict(probe, LATER, "--phase", "auth", *common)
    assert len(later["evidence"]) == 1, later


@pytest.mark.parametrize("phase", [
    "resolve", "connect", "banner", "ehlo", "starttls", "tls", "ehlo_tls", "auth", "quit",
    "mail",
])
def test_every_phase_is_known(probe, phase):
    assert verdict(probe, "421 4.3.2 shutting down", "--phase", phase)
    verdict_of_line, = lines(probe, {"reply": "421 x", "phase": phase})
    assert verdict_of_line["cause"] not in ("local", "none"), verdict_of_line


def test_unknown_phase_is_said(probe):
    assert "not known" in "".join(verdict(probe, REFUSED)["evidence"])
    assert "not known" not in "".join(verdict(probe, REFUSED, "--phase", "auth")["evidence"])


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("words", [
    b"\x1b[2Jgone", b"\xff\xfe", b"a\tb\x07", "授权码".encode(), b"a|b", b"\x7f",
])
def test_strange_bytes_are_shown_harmless(probe, form, words):
    run = decode(probe, b"535 5.7.8 " + words, "--output", form)
    assert run.exit_code == 0, run
    assert_printable(run.stdout)


# ---- standard input -----------------------------------------------------------------


@pytest.mark.parametrize("pasted", [
    b"535-5.7.8 a\r\n535 5.7.8 b\r\n",
    b"535-5.7.8 a\n535 5.7.8 b",
    b"S: 535-5.7.8 a\nS: 535 5.7.8 b\nC: QUIT\nS: 221 Bye\n",
])
def test_stdin_is_one_reply(probe, pasted):
    report = verdict(probe, "-", "--phase", "auth", stdin=pasted)
    assert report["evidence"] == ['to AUTH the server answered "535 5.7.8 a b"'], report


def test_stdin_may_hold_nuls(probe):
    report = verdict(probe, "-", "--phase", "auth", stdin=b"\0\n535 5.7.8 a\0b\n")
    assert report["evidence"] == ['to AUTH the server answered "535 5.7.8 a?b"'], report


def test_stdin_at_its_limit(probe):
    at = REFUSED.encode().ljust(MEGABYTE, b"y")
    assert verdict(probe, "-", stdin=at)["cause"] == "credentials"
    run = decode(probe, "-", stdin=at + b"y")
    assert run.exit_code == 3 and "1 MB" in run.stdout, run


# ---- mistakes -----------------------------------------------------------------------


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("arguments,words", [
    (["--decode", "authentication failed"], ["code"]),
    (["--decode", ""], ["code"]),
    (["--decode", "5.7.8 no"], ["code"]),
    (["--decode", "-"], ["code"]),
    (["--decode", "535", "--phase", "login"], ["--phase", "login"]),
    (["--decode", "535", "--phase", "none"], ["--phase", "none"]),
    (["--decode", "535", "-H", "mx.example"], ["--decode", "--hostname"]),
    (["-U", "a", "-H", "mx.example", "--decode", "535"], ["--decode", "--hostname"]),
    (["--decode", "535", "--tls"], ["--decode", "--tls"]),
    (["--decode", "535", "-P", "geheim"], ["--decode", "--authpass"]),
    (["--phase", "auth", "-H", "mx.example"], ["--phase", "--decode"]),
    (["--input", "jsonl"], ["--input", "--decode"]),
    (["--decode", "535", "--input", "jsonl"], ["--input", "--decode"]),
    (["--decode", "-", "--input", "csv"], ["--input", "csv"]),
    (["--decode"], ["--decode"]),
])
def test_mistake_is_one_sentence(probe, arguments, words, form):
    run = probe.run(*arguments[:-1], *arguments[-1:], "--output", form) \
        if arguments != ["--decode"] else probe.run("--output", form, "--decode")
    assert run.exit_code == 3 and run.stderr == "", run
    assert run.stdout.count("\n") == 1, run
    sentence = run.stdout
    if form == "json":
        assert run.report["success"] is False and run.report["cause"] == "local", run
        sentence = run.report["message"]
    for word in words:
        assert word in sentence, run
    assert "geheim" not in run.stdout, run


def test_nothing_is_connected(probe):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        port = listener.getsockname()[1]
        run = decode(probe, REFUSED, "--target", f"127.0.0.1:{port}")
        assert run.exit_code == 0, run
        with pytest.raises(BlockingIOError):
            listener.accept()


# ---- a line each --------------------------------------------------------------------


def converse(probe, *raw, arguments=()):
    """(exit code, answers) to lines of bytes or objects."""
    sent = b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode()
                      for line in raw)
    run = decode(probe, "-", "--input", "jsonl", *arguments, stdin=sent)
    return run.exit_code, [json.loads(line) for line in run.stdout.splitlines()]


def lines(probe, *raw, arguments=()):
    code, answers = converse(probe, *raw, arguments=arguments)
    assert code == 0, answers
    assert len(answers) == len(raw), answers
    assert all(set(answer) == KEYS for answer in answers), answers
    return answers


def test_answers_come_in_order(probe):
    replies = [REFUSED, LATER, "235 ok", "504 5.5.4 no", "538 5.7.11 no"] * 3
    answers = lines(probe, *({"reply": reply} for reply in replies))
    expected = ["bad_credentials", "auth_backend_down", "none", "mechanism_unsupported",
                "auth_before_tls_forbidden"] * 3
    assert [answer["reason"] for answer in answers] == expected


def test_line_and_option_say_the_same(probe):
    line, = lines(probe, {"reply": "535 no", "target": "smtp.gmail.com", "phase": "auth",
                          "banner": "220 mail.example", "mechanism": "XOAUTH2"})
    assert line == verdict(probe, "535 no", "--target", "smtp.gmail.com", "--phase", "auth",
                           "--banner", "220 mail.example", "--mechanism", "XOAUTH2")


def test_options_hold_for_lines_that_do_not_say(probe):
    first, second, third = lines(
        probe, {"reply": "530 x"}, {"reply": "530 x", "phase": None},
        {"reply": "530 x", "phase": "auth"}, arguments=("--phase", "mail"))
    assert first == second and first["reason"] == "auth_required", first
    assert third["reason"] == "tls_required", third


def test_null_and_unknown_keys_are_fine(probe):
    bare, full = lines(probe, {"reply": REFUSED},
                       {"reply": REFUSED, "phase": None, "mechanism": None, "target": None,
                        "banner": None, "id": 7, "also": ["x"], "server": {"a": 1}})
    assert bare == full


@pytest.mark.parametrize("ending", [b"", b"\n", b"\r\n"])
def test_end_of_the_last_line(probe, ending):
    code, answers = converse(probe, json.dumps({"reply": REFUSED}).encode() + ending)
    assert code == 0 and len(answers) == 1, answers


def test_no_line_is_no_mistake(probe):
    assert converse(probe) == (0, [])


def test_characters_of_json_strings(probe):
    answers = lines(probe, {"reply": "535-5.7.8 a\n535 5.7.8 b\r\n"},
                    {"reply": "535 a\0b", "banner": "x\0y"}, {"reply": "535 Ungültig"})
    assert '"535 5.7.8 a b"' in answers[0]["evidence"][0], answers
    assert '"535 a?b"' in answers[1]["evidence"][0], answers
    assert '"535 Ung??ltig"' in answers[2]["evidence"][0], answers


BAD_LINES = {
    "malformed": (b'{"reply": "535 no"', "JSON"),
    "not_quoted": (b'{"reply": 535 no}', "JSON"),
    "two_objects": (b'{"reply":"535"} {"reply":"535"}', "JSON"),
    "array": (b'["535"]', "object"),
    "string": (b'"535 no"', "JSON"),
    "empty": (b"", "JSON"),
    "nul": (b"\0", "JSON"),
    "no_utf8": (b'{"reply":"535 \xff"}', "JSON"),
    "deep": (b"[" * 5000, "JSON"),
    "no_reply": (b"{}", "reply"),
    "reply_null": (b'{"reply":null}', "reply"),
    "reply_number": (b'{"reply":535}', "reply"),
    "reply_without_code": (b'{"reply":"authentication failed"}', "code"),
    "reply_empty": (b'{"reply":""}', "code"),
    "phase_unknown": (b'{"reply":"535","phase":"login"}', "login"),
    "phase_number": (b'{"reply":"535","phase":7}', "phase"),
    "phase_empty": (b'{"reply":"535","phase":""}', "phase"),
    "target_list": (b'{"reply":"535","target":[]}', "target"),
    "banner_false": (b'{"reply":"535","banner":false}', "banner"),
    "mechanism_object": (b'{"reply":"535","mechanism":{}}', "mechanism"),
    "too_long": (b'{"reply":"535 ' + b"x" * MEGABYTE + b'"}', "1 MB"),
}


@pytest.mark.parametrize("case", BAD_LINES)
def test_bad_line_is_named_and_the_others_are_answered(probe, case):
    line, word = BAD_LINES[case]
    good = {"reply": REFUSED}
    code, answers = converse(probe, *[good] * 6, line, good, b"x", good)
    assert code == 3 and len(answers) == 10, answers
    for number, answer in enumerate(answers, 1):
        if number in (7, 9):
            assert answer["cause"] == "local", answer
            assert answer["message"].startswith(f"line {number}: "), answer
        else:
            assert answer["cause"] == "credentials", answer
    assert word in answers[6]["message"], answers[6]
    assert_printable(answers[6]["message"])


def test_line_at_its_limit(probe):
    head, tail = b'{"reply":"535 ', b'"}'
    line = head + b"y" * (MEGABYTE - len(head) - len(tail)) + tail
    assert len(line) == MEGABYTE
    code, answers = converse(probe, line)
    assert code == 0 and set(answers[0]) == KEYS, answers[0]


def test_answer_comes_before_the_next_question(probe):
    process = subprocess.Popen([probe.binary, "--decode", "-", "--input", "jsonl"],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with process:
        for reply in (REFUSED, LATER):
            process.stdin.write(json.dumps({"reply": reply}).encode() + b"\n")
            process.stdin.flush()
            assert select.select([process.stdout], [], [], 20)[0], "no answer"
            assert json.loads(process.stdout.readline())["evidence"], reply
        process.stdin.close()
        assert process.wait(20) == 0


def test_memory_does_not_grow_with_the_lines(probe):
    few = decode(probe, "-", "--input", "jsonl", stdin=b'{"reply":"535 no"}\n' * 10)
    many = decode(probe, "-", "--input", "jsonl", stdin=b'{"reply":"535 no"}\n' * 20000)
    assert many.exit_code == 0, many.stdout[:200]
    assert many.stdout.count("\n") == 20000
    # The address sanitizer keeps freed memory for a while, and not for ever.
    assert many.peak_kib < few.peak_kib + 300 * 1024, (few.peak_kib, many.peak_kib)


def test_hostile_megabyte_ends_in_time(probe):
    for trap in (b"x 535 ", b"535 ", b": 535 '", b"(#5.7.8", b"535)))", b"\\r\\n"):
        pasted = (trap * MEGABYTE)[:MEGABYTE]
        started = time.monotonic()
        run = decode(probe, "-", stdin=pasted)
        assert run.exit_code in (0, 3), run
        assert time.monotonic() - started < 10, trap
