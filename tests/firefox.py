"""Drives a headless Firefox in Chinese, by its own protocol (Marionette): a length and JSON over a socket."""

import contextlib
import json
import shutil
import socket
import subprocess
import time

import pytest


@contextlib.contextmanager
def started(folder):
    """A `Firefox` with a new profile below `folder`. Skips the test if there is no Firefox."""
    binary = shutil.which("firefox") or shutil.which("firefox-esr")
    if not binary:
        pytest.skip("needs Firefox: apt-get install firefox-esr")
    found = Firefox(binary, folder / "profile")
    yield found
    found.close()


class Firefox:
    """A process of Firefox. `open` goes to an address, `execute_script` runs JavaScript there."""

    def __init__(self, binary, profile):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        profile.mkdir()
        (profile / "user.js").write_text(
            f'user_pref("marionette.port", {self.port});\nuser_pref("ui.prefersReducedMotion", 1);\n'
            'user_pref("intl.accept_languages", "zh-CN");\nuser_pref("browser.shell.checkDefaultBrowser", false);\n'
        )
        flags = ["--headless", "--marionette", "--no-remote", "--profile", str(profile)]
        self.process = subprocess.Popen([binary, *flags], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 90
        while True:
            try:
                self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=60)
                break
            except OSError:
                assert time.monotonic() < end and self.process.poll() is None, "Firefox does not answer"
                time.sleep(0.3)
        self.file = self.socket.makefile("rb")
        self._read()
        self.count = 0
        self.ask("WebDriver:NewSession", {})

    def _read(self):
        digits = b""
        while (byte := self.file.read(1)) != b":":
            digits += byte
        return json.loads(self.file.read(int(digits)))

    def ask(self, name, given):
        self.count += 1
        text = json.dumps([0, self.count, name, given]).encode()
        self.socket.sendall(str(len(text)).encode() + b":" + text)
        _, _, error, result = self._read()
        assert error is None, error
        return result.get("value") if isinstance(result, dict) else result

    def open(self, address):
        self.ask("WebDriver:Navigate", {"url": "about:blank"})
        self.ask("WebDriver:Navigate", {"url": address})

    def execute_script(self, code):
        return self.ask("WebDriver:ExecuteScript", {"script": code, "args": []})

    def close(self):
        self.process.terminate()
        self.process.wait(30)
