"""Four roles on a broker, seen from outside: the ledger, the topics, and how far the groups are."""

import collections
import contextlib
import json
import os
import pathlib
import re
import sqlite3
import subprocess
import sys
import time

SCRIPTS = pathlib.Path(__file__).resolve().parents[2]
SELECTOR = "stock-name-selector"
TOPICS = 6
PATIENCE = 180
# Small enough to be quick, and large enough that a network is trained for every forecast.
SETTINGS = {
    "KAFKA__SESSION_TIMEOUT": "6s",
    "KAFKA__HEARTBEAT_INTERVAL": "2s",
    "SUPERVISION__RESTART__BACKOFF__FIRST": "200ms",
    "SUPERVISION__DELIVERY__BACKOFF__FIRST": "200ms",
    "FORECAST__NETWORK__EPOCHS": "2",
    "FORECAST__NETWORK__MEMBERS": "1",
    "FORECAST__MIN_ROWS": "20",
    "MARKET__WINDOW_DAYS": "70",
    "PICKER__TICKERS": "AAPL,MSFT,NVDA,PG",
    "HTTP__LISTEN": "127.0.0.1:0",
    "LOG__FORMAT": "text",
    "LOG__FILTER": "info,closecall_actors::ticker_picker=debug",
    "YAHOO__FALLBACK_URL": "",
    "ALPHAVANTAGE__API_KEY": "demo",
}


class Failure(Exception):
    """What a run showed that must not be, or that it showed nothing."""


class Run:
    """Roles with topics, groups and folders of their own."""

    def __init__(self, program, name, broker, market, folder):
        self.program, self.folder, self.processes = program, folder, {}
        self.prefix = name + "."
        settings = SETTINGS | {
            "KAFKA__BROKERS": broker,
            "KAFKA__TOPIC_PREFIX": self.prefix,
            "KAFKA__GROUP_PREFIX": name,
            "YAHOO__BASE_URL": market,
            "ALPHAVANTAGE__BASE_URL": market,
        }
        clean = {key: value for key, value in os.environ.items() if not key.startswith("CLOSECALL__")}
        self.env = clean | {f"CLOSECALL__{key}": value for key, value in settings.items()}

    def call(self, *arguments, data="reporter"):
        """Runs a command to its end; gives what it printed."""
        env = self.env | {"CLOSECALL__DATA_DIR": str(self.folder / data)}
        done = subprocess.run([self.program, *arguments], env=env, cwd=self.folder, capture_output=True, text=True)
        if done.returncode != 0:
            raise Failure(f"`{' '.join(arguments)}` ended with {done.returncode}: {done.stderr.strip()[-300:]}")
        return done.stdout

    def ledger(self):
        """How often each pick has which state, from the ledger's own table of rows."""
        file = self.folder / "reporter" / "ledger.sqlite"
        if not file.exists():
            return collections.Counter()
        with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
            wanted = "SELECT pick_id FROM log WHERE kind IN ('forecast', 'foreign', 'dead_letter')"
            try:
                return collections.Counter(pick for (pick,) in connection.execute(wanted))
            except sqlite3.OperationalError:
                return collections.Counter()

    def records(self, topic):
        """The pick of each record on a topic."""
        lines = self.call("peek", self.prefix + topic, "--json").splitlines()
        return [json.loads(line)["headers"]["closecall-pick-id"] for line in lines]

    def behind(self):
        """Records that the groups have not committed."""
        report = subprocess.run([self.program, "doctor", "--json"], env=self.env, capture_output=True, text=True)
        checks = json.loads(report.stdout)["checks"]
        lags = [re.search(r"is (\d+) records behind", check["message"]) for check in checks]
        known = [int(lag[1]) for lag in lags if lag]
        # Each topic is read by one group; a broker that did not answer says nothing about any.
        return sum(known) if len(known) == TOPICS else float("inf")

    def watch(self):
        """A process that ended is an error, but for the picker when it is done."""
        for role, process in self.processes.items():
            code = process.poll()
            if code is not None and not (role == "ticker-picker" and code == 0):
                raise Failure(f"{role} ended with {code}")

    def until(self, what, holds):
        deadline = time.monotonic() + PATIENCE
        while not holds():
            if time.monotonic() > deadline:
                raise Failure(f"not within {PATIENCE} s: {what}")
            time.sleep(0.1)

    def kill(self):
        for process in self.processes.values():
            if process.poll() is None:
                process.kill()
                process.wait()


def kafka(*arguments):
    """Runs `scripts/kafka`; gives what it printed."""
    done = subprocess.run([SCRIPTS / "kafka", *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr.strip())
    return done.stdout.strip()


@contextlib.contextmanager
def broker(name):
    """A broker of one's own, for as long as it takes."""
    name = f"{name}-{os.getpid()}"
    try:
        yield kafka("start", "--name", name)
    finally:
        kafka("stop", "--name", name)
