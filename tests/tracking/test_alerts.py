"""A run tells people, over a real local server and by a real command, and never waits for them."""

from __future__ import annotations

import json
import logging
import math
import os
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import provenir
from provenir.core.errors import UsageError
from provenir.provenance.run_record import read_run
from provenir.tracking import CommandAlert, WebhookAlert

SECRET = "T0KEN-of-a-hook"
BROKEN = {"kl": math.nan}


@pytest.fixture(autouse=True)
def _online(monkeypatch):
    for name in ("PROVENIR_OFFLINE", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


class Hook:
    """A server that keeps what it gets and answers as it is told."""

    def __init__(self):
        self.got, self.paths, self.headers = [], [], []
        self.answers, self.wait_s = [], 0.0
        self.location = None
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.paths.append(self.path)
                hook.headers.append(dict(self.headers))
                time.sleep(hook.wait_s)
                status = hook.answers.pop(0) if hook.answers else 200
                if 200 <= status < 300:
                    hook.got.append(json.loads(body))
                self.send_response(status)
                if hook.location:
                    self.send_header("Location", hook.location)
                self.end_headers()

            do_GET = do_POST  # noqa: N815 - what a redirection would lead to

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}/{SECRET}"


@pytest.fixture
def hook():
    hook = Hook()
    yield hook
    hook.server.shutdown()
    hook.server.server_close()


def track(*alerts, **more):
    return provenir.track("my run", output_dir="out", alerts=list(alerts), **more)


def loop(run, steps, faults):
    for step in range(steps):
        run.log_step({"step": step, "kl": 0.1, **faults.get(step, {})})


def findings():
    rows = [row for row in read_run("out").journal() if row["type"] == "finding"]
    return {row["kind"]: row for row in rows}


def secrets_on_disk():
    return [path for path in Path().rglob("*") if path.is_file() and SECRET in path.read_text()]


def test_an_episode_is_told_when_it_begins_and_when_the_run_ends_badly(hook):
    header = {"Authorization": f"Bearer {SECRET}"}
    alert = WebhookAlert(hook.url, headers=header)
    with track(alert) as run:
        loop(run, 6, {3: BROKEN, 4: BROKEN, 5: BROKEN})
    first, last = hook.got
    assert first.pop("time").endswith("Z")
    assert first == {
        "schema_version": "alert/1",
        "event": "onset",
        "run": "my run",
        "run_id": run.run_id,
        "kind": "nonfinite",
        "severity": "critical",
        "step": 3,
        "channel": "kl",
        "value": None,
        "detail": "kl is nan",
        "held_back": 0,
    }
    assert (last["event"], last["severity"], last["kind"]) == ("end", "critical", "run_end")
    assert hook.headers[0]["Authorization"] == f"Bearer {SECRET}"
    assert not findings()
    assert SECRET not in repr(alert) + repr(run) + repr(run._settings)
    assert secrets_on_disk() == []


def test_what_is_told_is_chosen(hook):
    mild = {2: {"step_time": math.nan}}
    over = WebhookAlert(hook.url, on="critical", recovered=True)
    with track(over, WebhookAlert(hook.url, kinds=["kl_blowup"])) as run:
        loop(run, 30, mild | {4: BROKEN})
    assert [told["event"] for told in hook.got] == ["onset", "recovery"]
    assert {told["kind"] for told in hook.got} == {"nonfinite"}


def test_a_halt_is_told_whatever_the_kind(hook):
    with track(WebhookAlert(hook.url, kinds=[]), halt_on="critical") as run:
        loop(run, 4, {3: BROKEN})
    assert [told["event"] for told in hook.got] == ["halt", "end"]


def test_signals_about_rollouts_are_told_once(hook):
    with track(WebhookAlert(hook.url)) as run:
        for step in range(4):
            for _ in range(9):
                run.log_trajectory({"prediction": "x", "reward": 1.0, "true_reward": 0.0})
            run.log_step({"step": step, "kl": 0.1})
    assert [(told["event"], told["kind"]) for told in hook.got] == [("onset", "proxy_divergence")]


def test_slack_gets_one_text_in_which_nothing_acts(hook):
    run = provenir.track(
        "<!channel> & \x1b[2J\u202e", output_dir="out", alerts=WebhookAlert(hook.url, style="slack")
    )
    with run:
        loop(run, 4, {2: {"kl": 99.0}})
    text = hook.got[0]["text"]
    assert "&lt;!channel&gt; &amp; \\x1b[2J\\u202e" in text
    assert "<" not in text
    assert "kl_blowup began at step 2" in text


def test_a_failing_server_is_tried_again(hook):
    hook.answers = [500, 429]
    with track(WebhookAlert(hook.url)) as run:
        loop(run, 2, {1: BROKEN})
        deadline = time.monotonic() + 20
        while not hook.got and time.monotonic() < deadline:
            time.sleep(0.05)
        assert [told["event"] for told in hook.got] == ["onset"]
    assert len(hook.paths) == 4
    assert not findings()


@pytest.mark.parametrize(("status", "requests"), [(404, 2), (302, 2)])
def test_what_another_try_does_not_help_is_said_once(hook, status, requests, caplog):
    hook.answers, hook.location = [status] * 9, "http://127.0.0.1:9/elsewhere"
    with caplog.at_level(logging.INFO, logger="provenir"), track(WebhookAlert(hook.url)) as run:
        loop(run, 3, {1: BROKEN})
    assert len(hook.paths) == requests
    found = findings()["alert_not_delivered"]
    assert found["detail"] == f"alert 1 (webhook): HTTP {status}"
    assert SECRET not in caplog.text
    assert secrets_on_disk() == []


def refused():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}/{SECRET}"


def test_a_server_that_is_not_there_costs_the_loop_nothing(caplog):
    with track(WebhookAlert(refused())) as run:
        began = time.process_time()
        loop(run, 200, {1: BROKEN})
        assert time.process_time() - began < 5
    found = findings().get("alert_not_delivered")
    assert found is None or "ConnectionRefusedError" in found["detail"]
    assert "127.0.0.1" not in caplog.text
    assert secrets_on_disk() == []


def test_a_server_that_hangs_holds_the_end_for_a_bounded_time():
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(8)
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}/"
        with track(WebhookAlert(url, timeout_s=30)) as run:
            loop(run, 50, {1: BROKEN})
            assert run.flight_recorder.num_steps == 50
            ending = time.monotonic()
    assert time.monotonic() - ending < 60
    assert run.status == "completed"


def test_a_certificate_is_verified(tmp_path):
    ssl = pytest.importorskip("ssl")
    pytest.importorskip("cryptography")
    from provenir.tracking.alert_delivery import DeliveryError, post

    certificate, key = self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    hook = Hook()
    hook.server.socket = context.wrap_socket(hook.server.socket, server_side=True)
    url = hook.url.replace("http://", "https://")
    with pytest.raises(DeliveryError, match="SSLCertVerificationError"):
        post(url, (), b"{}", timeout_s=5)
    assert hook.got == []
    hook.server.shutdown()
    hook.server.server_close()


def self_signed(folder):
    import datetime as dt

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    (folder / "c.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "k.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return folder / "c.pem", folder / "k.pem"


def test_a_flood_is_held_back_and_counted(hook):
    with track(WebhookAlert(hook.url, recovered=True)) as run:
        for step in range(0, 60_000, 6):  # an episode begins and ends ten thousand times
            run.log_step({"step": step, "kl": math.nan})
            for quiet in range(1, 6):
                run.log_step({"step": step + quiet, "kl": 0.1})
    assert run.flight_recorder.num_steps == 60_000
    assert len(run.anomalies) == 1_000
    assert len(hook.got) <= 12
    assert findings()["alerts_held_back"]["data"]["count"] >= 2 * 10_000 - 12


def test_nothing_is_sent_offline(hook, monkeypatch):
    monkeypatch.setenv("PROVENIR_OFFLINE", "1")
    with track(WebhookAlert(hook.url)) as run:
        loop(run, 3, {1: BROKEN})
    assert hook.paths == []
    assert "alerts_offline" in findings()


def test_of_several_processes_only_the_first_tells(hook, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    for rank in ("1", "0"):
        monkeypatch.setenv("RANK", rank)
        with track(WebhookAlert(hook.url)) as run:
            loop(run, 3, {int(rank) + 1: BROKEN})
    assert [told["step"] for told in hook.got][:1] == [1]
    assert len(hook.got) == 2  # its onset and the end of the merged run


def test_a_resumed_run_tells_nothing_twice(hook):
    run = track(WebhookAlert(hook.url)).start()
    loop(run, 3, {1: BROKEN, 2: BROKEN})
    run.finish("interrupted")
    told = len(hook.got)
    with track(WebhookAlert(hook.url), resume=True) as run:
        run.log_step({"step": 3, "kl": 0.1})
        assert len(hook.got) == told


def keeper(place):
    code = f"import sys; open({str(place)!r}, 'a').write(sys.stdin.read() + chr(10))"
    return [sys.executable, "-c", code]


def test_a_command_gets_the_json(place):
    with track(CommandAlert(keeper(place / "told"), timeout_s=30)) as run:
        loop(run, 3, {1: BROKEN})
        assert all(lane.flush(30) for lane in run._attention._lanes)
    told = [json.loads(line) for line in (place / "told").read_text().splitlines()]
    assert [one["event"] for one in told][:1] == ["onset"]
    assert told[0]["detail"] == "kl is nan"


@pytest.mark.parametrize(
    ("code", "reason"),
    [("import sys; sys.exit(3)", "exit code 3"), ("import time; time.sleep(60)", "no end within")],
)
def test_a_command_that_fails_is_said(code, reason):
    alert = CommandAlert([sys.executable, "-c", f"{code} # {SECRET}"], timeout_s=1)
    with track(alert) as run:
        loop(run, 3, {1: BROKEN})
        assert all(lane.flush(30) for lane in run._attention._lanes)
    assert reason in findings()["alert_not_delivered"]["detail"]
    assert SECRET not in repr(alert)
    assert secrets_on_disk() == []


KILLED = """
import math, os, signal, sys
import provenir
from provenir.tracking import WebhookAlert
run = provenir.track("run", output_dir="out", alerts=WebhookAlert(sys.argv[1])).start()
run.log_step({"step": 0, "kl": math.nan})
if sys.argv[2] == "kill":
    os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[2] == "fork":
    if os.fork() == 0:
        run.log_step({"step": 1, "entropy": math.nan})
        run.finish()
        os._exit(0)
    os.wait()
"""


@pytest.mark.parametrize(("end", "code"), [("exit", 0), ("kill", -9), ("fork", 0)])
def test_a_process_that_ends_does_not_hang(hook, end, code):
    command = [sys.executable, "-c", KILLED, hook.url, end]
    assert subprocess.run(command, timeout=120, check=False).returncode == code
    if end != "kill":
        assert [told["event"] for told in hook.got] == ["onset", "end"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": f"ftp://host/{SECRET}"},
        {"url": f"http://user:{SECRET}@host/"},
        {"url": f"http:///{SECRET}"},
        {"url": f"http://host:99999/{SECRET}"},
        {"url": f"http://host/ {SECRET}"},
        {"url": None},
        {"style": "teams"},
        {"on": "bad"},
        {"kinds": ["x"]},
        {"timeout_s": 0},
        {"timeout_s": True},
        {"timeout_s": {"Authorization": SECRET}},
        {"headers": {"A": f"{SECRET}\r\nB: c"}},
        {"headers": {f"A {SECRET}": "b"}},
        {"headers": SECRET},
    ],
)
def test_misuse_is_refused_without_quoting_a_secret(wrong):
    with pytest.raises(UsageError, match="alerts: ") as refused:
        WebhookAlert(**{"url": "http://host/", **wrong})
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("wrong", ["http://host", 3, [None], {"url": 1}, [WebhookAlert]])
def test_only_destinations_are_destinations(wrong):
    with pytest.raises(UsageError, match="alerts= takes"):
        provenir.track("run", alerts=wrong)


def test_a_command_that_is_none_is_refused():
    for wrong in ("ls -l", [], ["ls", 3], ["no-such-command-here"]):
        with pytest.raises(UsageError, match="alerts: "):
            CommandAlert(wrong)
    assert os.environ.get("PROVENIR_OFFLINE") is None
