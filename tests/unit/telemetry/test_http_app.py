"""What the WSGI application answers: routes, hosts, tokens, and how often it computes."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from contactsync.telemetry import http_app
from contactsync.telemetry.http_app import Answer, Hosts, HttpApp, Token
from tests.unit.telemetry.visits import PATIENCE, text

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "0123456789abcdef"


def visit(app: HttpApp, path: str = "/count", *, method: str = "GET", **headers: str) -> tuple[int, bytes]:
    """Status and body of one request, as a WSGI server passes it."""
    environ: dict[str, Any] = {"REQUEST_METHOD": method, "PATH_INFO": path, "SERVER_PROTOCOL": "HTTP/1.1"}
    environ |= {"HTTP_HOST": "localhost"} | {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    started: list[str] = []

    def start_response(status: str, _headers: object, _error: object = None) -> Any:
        started.append(status)

    body = b"".join(app(environ, start_response))
    return int(started[0][:3]), body


@pytest.fixture
def made() -> list[bool]:
    """One entry per answer of /count that was computed: whether it was to show details."""
    return []


@pytest.fixture
def app(made: list[bool], tmp_path: Path) -> HttpApp:
    """An application with an answer that is counted, and with a bug."""

    def count(detailed: bool) -> Answer:
        made.append(detailed)
        return text(b"details" if detailed else b"counts")

    def fail(_detailed: bool) -> Answer:
        raise ValueError("planted@example.com")

    file = tmp_path / "token"
    file.write_text(f"{SECRET}\n")
    return HttpApp({"/count": count, "/bug": fail}, Hosts(), Token(file))


@pytest.mark.parametrize(
    ("path", "method", "answer"),
    [
        ("/count", "GET", (200, b"counts")),
        ("/count", "HEAD", (200, b"")),
        ("/count", "POST", (405, b"GET or HEAD\n")),
        ("/nowhere", "GET", (404, b"/count and /bug are here\n")),
        ("/../count", "GET", (404, b"/count and /bug are here\n")),
    ],
)
def test_it_answers(app: HttpApp, path: str, method: str, answer: tuple[int, bytes]) -> None:
    """Known paths, and GET and HEAD only."""
    assert visit(app, path, method=method) == answer


def test_a_bug_is_answered_without_its_text(app: HttpApp) -> None:
    """500, and one line in the log for as long as it is the same."""
    with structlog.testing.capture_logs() as logs:
        assert visit(app, "/bug") == (500, b"a bug: see the log\n")
        assert visit(app, "/bug") == (500, b"a bug: see the log\n")
    assert [entry["event"] for entry in logs] == ["bug"]


def test_many_clients_cost_one_answer(
    app: HttpApp, made: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer is computed again once it is no longer fresh."""
    monkeypatch.setattr(http_app, "FRESH_SECONDS", 3600.0)
    for _ in range(20):
        assert visit(app)[0] == 200
    assert len(made) == 1
    monkeypatch.setattr(http_app, "FRESH_SECONDS", 0.0)
    visit(app)
    assert len(made) == 2


def test_a_slow_answer_does_not_hold_up_the_next_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """While an answer is computed, others get the previous one: a thread of the server stays free."""
    monkeypatch.setattr(http_app, "FRESH_SECONDS", 0.0)
    entered, may_end = threading.Event(), threading.Event()
    bodies = iter((b"first", b"second"))

    def slow(_detailed: bool) -> Answer:
        body = next(bodies)
        if body == b"second":
            entered.set()
            assert may_end.wait(PATIENCE)
        return text(body)

    app = HttpApp({"/count": slow}, Hosts(), Token(None))
    assert visit(app) == (200, b"first")
    found: list[tuple[int, bytes]] = []
    other = threading.Thread(target=lambda: found.append(visit(app)))
    other.start()
    assert entered.wait(PATIENCE)
    assert visit(app) == (200, b"first")
    may_end.set()
    other.join(PATIENCE)
    assert found == [(200, b"second")]


def test_details_need_the_token(app: HttpApp, made: list[bool]) -> None:
    """Neither sees the other's answer, fresh or not."""
    assert visit(app) == (200, b"counts")
    assert visit(app, authorization=f"Bearer {SECRET}") == (200, b"details")
    assert visit(app) == (200, b"counts")
    assert made == [False, True]


@pytest.mark.parametrize(
    "shown",
    ["", "Bearer", "Bearer ", f"Basic {SECRET}", f"Bearer {SECRET}x", f"Bearer {SECRET[:-1]}", "Bearer ÿ€"],
)
def test_a_wrong_token_is_refused(app: HttpApp, made: list[bool], shown: str) -> None:
    """401, so that a typing error is noticed, and nothing is computed."""
    status, body = visit(app, authorization=shown)
    assert (status, body) == (401, b"the token is not that of metrics_token_file\n")
    assert made == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "No such file or directory"),
        (b"", "it must contain at least 16 characters"),
        (b"short\n", "it must contain at least 16 characters"),
    ],
)
def test_an_unusable_token_opens_nothing(tmp_path: Path, content: bytes | None, reason: str) -> None:
    """An empty file does not mean that an empty token is right; the log names the fix."""
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)
    with structlog.testing.capture_logs() as logs:
        for shown in ("Bearer ", "Bearer short"):
            assert not Token(file).opens(shown)
    assert {(entry["event"], entry["reason"]) for entry in logs} == {("metrics.token_unusable", reason)}


def test_a_new_token_is_used_at_once(tmp_path: Path) -> None:
    """A token can be changed while the daemon runs."""
    file = tmp_path / "token"
    token = Token(file)
    file.write_text(SECRET)
    assert token.opens(f"Bearer {SECRET}")
    file.write_text(SECRET[::-1])
    assert not token.opens(f"Bearer {SECRET}")
    assert token.opens(f"bearer {SECRET[::-1]}")


@pytest.mark.parametrize(
    ("hosts", "allowed", "refused"),
    [
        (
            Hosts("127.0.0.1"),
            (
                "localhost",
                "LOCALHOST:9187",
                "localhost.",
                "127.0.0.1",
                "127.8.8.8:80",
                "[::1]:9187",
                "localhost:",
            ),
            (
                "evil.example",
                "evil.example:9187",
                "localhost.evil.example",
                "192.0.2.1",
                "",
                ":9187",
                "[::1",
                "::1",
                "127.1",
            ),
        ),
        (Hosts("192.0.2.1"), ("192.0.2.1:9187", "127.0.0.1", "localhost"), ("192.0.2.2", "monitor.example")),
        (Hosts("0.0.0.0"), ("192.0.2.2", "[2001:db8::1]:9187"), ("monitor.example", "192.0.2.2.example")),
        (Hosts("::"), ("192.0.2.2", "[2001:db8::1]"), ("2001:db8::1.example",)),
        (Hosts(None), ("localhost", "127.0.0.1"), ("192.0.2.1", "evil.example")),
        (
            Hosts("127.0.0.1", frozenset({"monitor.example"})),
            ("monitor.example", "Monitor.Example:443", "localhost"),
            ("xmonitor.example", "monitor.example.org", "monitor.example, localhost"),
        ),
    ],
)
def test_only_known_hosts_are_answered(
    hosts: Hosts, allowed: tuple[str, ...], refused: tuple[str, ...]
) -> None:
    """`localhost`, loopback, the own address and the configured names: DNS rebinding needs another name."""
    assert [host for host in allowed if not hosts.allow(host)] == []
    assert [host for host in refused if hosts.allow(host)] == []


@given(st.text())
def test_no_host_is_an_error(host: str) -> None:
    """Whatever a client sends is allowed or refused."""
    assert Hosts("0.0.0.0").allow(host) in (True, False)


def test_another_host_learns_nothing(app: HttpApp, made: list[bool]) -> None:
    """421 before anything else, even with the right token."""
    assert visit(app, host="evil.example", authorization=f"Bearer {SECRET}")[0] == 421
    assert made == []
