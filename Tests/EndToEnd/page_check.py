#!/usr/bin/env python3
"""Looks at a running Vedette as a person would: signs in, waits for an event, opens it, sees that its clip plays.

Needs python3 (standard library only) and chromium. Talks the DevTools protocol over a pipe, so no port is opened.
Prints one line of JSON; exits 0 when all is well, 1 when the page is at fault, 2 when the browser cannot be started.

    python3 Tests/EndToEnd/page_check.py http://127.0.0.1:8080 --token "$(cat data/admin-token)" --screenshot page.png
"""

import argparse
import base64
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse


# Days whose heading is not above their events, or whose events are left less room than the list has.
DISPLACED_DAYS = """[...document.querySelectorAll('#events .day')].some((day) => {
    const place = (selector) => day.querySelector(selector).getBoundingClientRect();
    const [heading, grid, list] = [place('.day-name'), place('.event-grid'), day.closest('#events').getBoundingClientRect()];
    return heading.bottom > grid.top + 1 || grid.width < 0.9 * list.width;
})"""


class PageFault(Exception):
    """What the page did wrong, in words."""


class Browser:
    """A headless Chromium with one page, driven over file descriptors 3 (to it) and 4 (from it)."""

    def __init__(self, executable, width, height, mobile=False):
        self.profile = tempfile.mkdtemp(prefix="vedette-page-check-")
        to_read, to_write = os.pipe()
        from_read, from_write = os.pipe()
        self.write_to, self.read_from = to_write, from_read
        # The shell moves the pipes to where Chromium looks for them.
        command = (
            f'exec "$0" "$@" 3<&{to_read} 4>&{from_write}'
        )
        arguments = [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--mute-audio", "--no-first-run",
            "--disable-extensions", "--disable-background-networking", "--hide-scrollbars",
            "--autoplay-policy=no-user-gesture-required",
            f"--user-data-dir={self.profile}", f"--window-size={width},{height}", "--remote-debugging-pipe", "about:blank",
        ]
        self.process = subprocess.Popen(
            ["bash", "-c", command, executable, *arguments], pass_fds=(to_read, from_write), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        os.close(to_read)
        os.close(from_write)
        self.buffer = b""
        self.number = 0
        self.session = None
        self.events = []
        targets = self.call("Target.getTargets", timeout=120)["targetInfos"]
        page = next(each for each in targets if each["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=2 if mobile else 1, mobile=mobile)
        if mobile:
            self.call("Emulation.setTouchEmulationEnabled", enabled=True)

    def call(self, method, timeout=20, **parameters):
        """Sends one command and waits for its answer; keeps the events that come in between."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.write_to, data):]
        deadline = time.monotonic() + timeout
        wanted = self.number
        while True:
            answer = self.receive(deadline)
            if answer is None:
                raise PageFault(f"the browser did not answer {method} within {timeout} s")
            if answer.get("id") == wanted:
                if "error" in answer:
                    raise PageFault(f"{method}: {answer['error'].get('message')}")
                return answer["result"]

    def receive(self, deadline):
        """The next message, or None at the deadline. Events are also kept in `events`."""
        while b"\0" not in self.buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.read_from], [], [], left)[0]:
                return None
            chunk = os.read(self.read_from, 1 << 16)
            if not chunk:
                raise OSError("the browser ended")
            self.buffer += chunk
        raw, self.buffer = self.buffer.split(b"\0", 1)
        message = json.loads(raw)
        if "method" in message:
            self.events.append(message)
        return message

    def evaluate(self, expression, timeout=20):
        """Value of a JavaScript expression; promises are awaited."""
        result = self.call("Runtime.evaluate", timeout=timeout, expression=expression, awaitPromise=True,
                           returnByValue=True, userGesture=True)
        if "exceptionDetails" in result:
            details = result["exceptionDetails"]
            raise PageFault(details.get("exception", {}).get("description") or details.get("text", "script error"))
        return result["result"].get("value")

    def wait_for(self, expression, what, timeout):
        """Waits until the expression is truthy."""
        deadline = time.monotonic() + timeout
        while True:
            if self.evaluate(f"Boolean({expression})"):
                return
            if time.monotonic() > deadline:
                raise PageFault(f"{what} did not happen within {timeout:g} s")
            self.idle(0.1)

    def idle(self, seconds):
        """Lets the page go on; what the browser says meanwhile is collected."""
        deadline = time.monotonic() + seconds
        while self.receive(deadline) is not None:
            pass

    def go(self, url):
        self.call("Page.navigate", url=url)

    def press(self, key, code=None, text=None):
        names = {" ": "Space", "Escape": "Escape", "Enter": "Enter"}
        numbers = {"Escape": 27, "Enter": 13, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}
        base = {"key": key, "code": code or names.get(key, f"Key{key.upper()}"),
                "windowsVirtualKeyCode": numbers.get(key, ord(key.upper()[0]))}
        typed = text if text is not None else (key if len(key) == 1 else ("\r" if key == "Enter" else None))
        self.call("Input.dispatchKeyEvent", type="keyDown", **base, **({"text": typed} if typed else {}))
        self.call("Input.dispatchKeyEvent", type="keyUp", **base)

    def screenshot(self, path):
        data = self.call("Page.captureScreenshot", format="png", timeout=30)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def complaints(self):
        """Console errors, uncaught exceptions and policy violations so far."""
        found = []
        for event in self.events:
            parameters = event.get("params", {})
            if event["method"] == "Runtime.exceptionThrown":
                details = parameters["exceptionDetails"]
                found.append(details.get("exception", {}).get("description") or details.get("text", "exception"))
            elif event["method"] == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "assert"):
                found.append(" ".join(str(each.get("value", each.get("description", ""))) for each in parameters["args"]))
            elif event["method"] == "Log.entryAdded" and parameters["entry"]["level"] == "error":
                entry = parameters["entry"]
                # A camera without a picture answers 503; the page shows that in words.
                if entry.get("source") == "network" and any(
                        name in entry.get("url", "") for name in ("/snapshot.jpg", "/live.mp4")):
                    continue
                found.append(f"{entry['text']} {entry.get('url', '')}".strip())
        return found

    def outside_hosts(self, base):
        """Hosts other than the server's that the page asked for."""
        own = urllib.parse.urlsplit(base).netloc
        asked = {urllib.parse.urlsplit(event["params"]["request"]["url"]) for event in self.events
                 if event["method"] == "Network.requestWillBeSent"}
        return sorted({each.netloc for each in asked if each.scheme in ("http", "https") and each.netloc != own})

    def close(self):
        try:
            self.session = None
            self.call("Browser.close", timeout=5)
            self.process.wait(timeout=5)
        except (PageFault, OSError, subprocess.TimeoutExpired):
            # The process group is ours alone: start_new_session above.
            try:
                os.killpg(self.process.pid, 9)
            except ProcessLookupError:
                pass
            self.process.wait()
        os.close(self.write_to)
        os.close(self.read_from)
        shutil.rmtree(self.profile, ignore_errors=True)


VIDEO = "document.querySelector('dialog.player video')"


LIVE = "document.querySelector('.live')"
LIVE_VIDEO = "document.querySelector('.live video')"


def check_live(browser, name, screenshot):
    """Opens a camera and watches it live; returns what was seen."""
    seen = {}
    found = browser.evaluate(
        "(() => { const c = [...document.querySelectorAll('.camera:not(.skeleton)')]"
        f".find((e) => e.querySelector('.camera-name').textContent === {json.dumps(name)});"
        "c?.querySelector('.camera-open').click(); return Boolean(c); })()")
    if not found:
        raise PageFault(f"there is no camera {name!r}")
    started = time.monotonic()
    try:
        browser.wait_for(f"{LIVE}?.dataset.state === 'live' && {LIVE_VIDEO}.videoWidth > 0", "the live picture", 20)
    except PageFault as fault:
        said = browser.evaluate(f"{LIVE}?.innerText ?? ''")
        error = browser.evaluate(f"{LIVE_VIDEO}?.error?.message ?? ''")
        raise PageFault(f"{fault}. The page says: {said!r}; the browser says: {error!r}") from None
    seen["picture_after_seconds"] = round(time.monotonic() - started, 2)
    # A source that ended is begun anew from zero: this must be one and the same.
    browser.evaluate(f"window.liveCheck = {{ source: {LIVE_VIDEO}.src, frames: {LIVE_VIDEO}.getVideoPlaybackQuality().totalVideoFrames }}")
    first = browser.evaluate(f"{LIVE_VIDEO}.currentTime")
    behind = []
    for _ in range(10):
        browser.idle(0.5)
        behind.append(browser.evaluate(
            f"(() => {{ const v = {LIVE_VIDEO}; return v.buffered.length ? v.buffered.end(v.buffered.length - 1) - v.currentTime : 99; }})()"))
    seen["behind_seconds"] = [round(each, 2) for each in behind]
    moved = browser.evaluate(f"{LIVE_VIDEO}.currentTime") - first
    seen["frames"] = browser.evaluate(
        f"{LIVE_VIDEO}.src === window.liveCheck.source ? {LIVE_VIDEO}.getVideoPlaybackQuality().totalVideoFrames - window.liveCheck.frames : -1")
    if screenshot:
        browser.screenshot(screenshot)
    if seen["frames"] < 0:
        raise PageFault("the live stream broke within five seconds")
    if moved < 3 or seen["frames"] < 10:
        raise PageFault(f"the live picture does not move: {moved:.1f} s and {seen['frames']} pictures in 5 s")
    if min(behind[-4:]) > 2:
        raise PageFault(f"the live picture is {min(behind[-4:]):.1f} s behind what has arrived")
    browser.press("Escape")
    browser.wait_for("!document.querySelector('dialog[open]')", "closing the camera with Esc", 5)
    return seen


def check(browser, arguments):
    """The walk through the page; returns what was seen."""
    base = arguments.base.rstrip("/")
    seen = {}
    if arguments.password:
        browser.go(f"{base}/")
        browser.wait_for("document.querySelector('#password') !== null", "the sign-in panel", 15)
        browser.evaluate(f"document.querySelector('#user').value = 'admin';"
                         f"document.querySelector('#password').value = {json.dumps(arguments.password)};"
                         "document.querySelector('form.signin').requestSubmit()")
        browser.wait_for("document.querySelector('#events') !== null", "signing in with the password", 60)
        browser.events.clear()
    elif arguments.paste:
        browser.go(f"{base}/")
        browser.wait_for("document.querySelector('form.signin') !== null", "the sign-in panel", 15)
        browser.evaluate("document.querySelector('form.signin .button.plain').click()")
        browser.wait_for("document.querySelector('#token') !== null", "the panel for a key", 5)
        # This refused call is what makes the panel appear: no complaint.
        browser.evaluate(f"document.querySelector('#token').value = {json.dumps(arguments.token)};"
                         "document.querySelector('form.signin').requestSubmit()")
        browser.wait_for("document.querySelector('#events') !== null", "signing in with the token", 15)
        browser.events.clear()
    else:
        browser.go(f"{base}/?token={urllib.parse.quote(arguments.token)}")
    browser.wait_for("document.querySelector('#events') !== null", "the page for a signed-in administrator", 20)
    if browser.evaluate("location.search.includes('token')"):
        raise PageFault("the token stayed in the address: /?token=… must redirect to /")
    browser.wait_for("document.querySelector('.connection')?.dataset.state === 'live'", "the live event stream", 20)

    if arguments.live:
        browser.wait_for("document.querySelector('.camera:not(.skeleton)') !== null", "the cameras", 15)
        seen["live"] = check_live(browser, arguments.live, arguments.live_screenshot)
        if arguments.only_live:
            complain(browser, base)
            return seen

    condition = "[...document.querySelectorAll('.event[data-id]')]"
    if arguments.verdict:
        condition += ".filter((e) => ['normal', 'abnormal', 'uncertain'].includes(e.dataset.kind))"
    if arguments.camera:
        condition += f".filter((e) => e.querySelector('.event-camera').textContent === {json.dumps(arguments.camera)})"
    # Chromium on Linux plays no H.265 in software: such events are left aside.
    codecs = ("(async () => { const codec = {}; for (const e of (await (await fetch('/v1/events?limit=200')).json()).items) "
              "codec[e.id] = e.clip?.codec; window.pageCheckCodecs = codec; return true; })()")
    started = time.monotonic()
    wanted = f"{condition}.filter((e) => window.pageCheckCodecs?.[e.dataset.id] === 'h264')"
    deadline = started + arguments.wait
    while not browser.evaluate(f"{codecs}.then(() => {wanted}.length > 0)"):
        left = deadline - time.monotonic()
        if left <= 0:
            what = "event with a verdict" if arguments.verdict else "event"
            raise PageFault(f"no {what} with an H.264 clip came within {arguments.wait:g} s")
        browser.idle(0.5)
    seen["waited_seconds"] = round(time.monotonic() - started, 2)
    seen["cameras"] = browser.evaluate("document.querySelectorAll('.camera:not(.skeleton)').length")
    seen["events"] = browser.evaluate("document.querySelectorAll('.event[data-id]').length")
    if browser.evaluate(DISPLACED_DAYS):
        raise PageFault("a day's events are not below its heading over the whole width of the list")
    seen["judge"] = browser.evaluate("document.querySelector('.judge-text')?.textContent ?? ''")
    if arguments.list_screenshot:
        browser.wait_for("[...document.querySelectorAll('.event-image:not([hidden])')].slice(0, 4).every((i) => i.complete)",
                         "the thumbnails", 15)
        browser.screenshot(arguments.list_screenshot)

    seen["event"] = browser.evaluate(
        f"(() => {{ const e = {wanted}[0]; e.querySelector('.event-open').click(); return e.dataset.id; }})()")
    browser.wait_for(f"{VIDEO} !== null", "the player", 10)
    try:
        browser.wait_for(f"{VIDEO}.videoWidth > 0 && {VIDEO}.readyState >= 2", "the clip's first picture", 20)
    except PageFault:
        said = browser.evaluate("document.querySelector('.video-message:not([hidden])')?.innerText ?? ''")
        error = browser.evaluate(f"{VIDEO}?.error?.message ?? ''")
        raise PageFault(f"the clip shows no picture. The page says: {said!r}; the browser says: {error!r}") from None
    seen["video"] = browser.evaluate(f"({VIDEO}).videoWidth + 'x' + ({VIDEO}).videoHeight")
    first = browser.evaluate(f"{VIDEO}.play().catch(() => {{}}), {VIDEO}.currentTime")
    browser.wait_for(f"{VIDEO}.currentTime > {first} + 0.5 || {VIDEO}.ended", "playing", 20)
    seen["played_to_seconds"] = round(browser.evaluate(f"{VIDEO}.currentTime"), 2)
    seen["duration_seconds"] = round(browser.evaluate(f"{VIDEO}.duration"), 2)
    middle = seen["duration_seconds"] / 2
    browser.evaluate(f"{VIDEO}.currentTime = {middle}, true")
    browser.wait_for(f"!{VIDEO}.seeking && {VIDEO}.readyState >= 2 && {VIDEO}.currentTime >= {middle} - 0.5",
                     "seeking to the middle (Range)", 15)
    seen["verdict"] = browser.evaluate("document.querySelector('.verdict .badge')?.textContent ?? ''")
    seen["evidence"] = browser.evaluate("document.querySelectorAll('.evidence-picture').length")
    if arguments.screenshot:
        browser.screenshot(arguments.screenshot)
    browser.press("Escape")
    browser.wait_for("!document.querySelector('dialog[open]') && !location.hash.includes('events/')", "closing the player with Esc", 5)

    complain(browser, base)
    return seen


def complain(browser, base):
    """Raises what the console and the network tell against the page."""
    complaints = browser.complaints()
    if complaints:
        raise PageFault("errors in the console: " + " | ".join(dict.fromkeys(complaints)))
    outside = browser.outside_hosts(base)
    if outside:
        raise PageFault(f"the page asked hosts that are not the server: {', '.join(outside)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", help="address of the server, e.g. http://127.0.0.1:8080")
    parser.add_argument("--token", default="", help="administrator token")
    parser.add_argument("--password", help="sign in as admin with this password instead of with the token")
    parser.add_argument("--paste", action="store_true", help="paste the token into the panel instead of opening /?token=")
    parser.add_argument("--wait", type=float, default=60, help="seconds to wait for an event (default 60)")
    parser.add_argument("--verdict", action="store_true", help="wait for, and open, an event that has a verdict")
    parser.add_argument("--camera", help="open an event of the camera with this name")
    parser.add_argument("--live", metavar="NAME", help="also watch the camera with this name live")
    parser.add_argument("--only-live", action="store_true", help="stop after that")
    parser.add_argument("--live-screenshot", help="where to write a picture of the live view (PNG)")
    parser.add_argument("--screenshot", help="where to write a picture of the open player (PNG)")
    parser.add_argument("--list-screenshot", help="where to write a picture of the list (PNG)")
    parser.add_argument("--size", default="1280x900", help="of the window (default 1280x900)")
    parser.add_argument("--phone", action="store_true", help="as a phone: 390x844, touch")
    parser.add_argument("--chromium", default=shutil.which("chromium") or "chromium")
    arguments = parser.parse_args()
    width, height = (390, 844) if arguments.phone else (int(each) for each in arguments.size.split("x"))
    try:
        browser = Browser(arguments.chromium, width, height, mobile=arguments.phone)
    except (OSError, PageFault, StopIteration) as error:
        print(json.dumps({"ok": False, "error": f"chromium could not be started ({arguments.chromium}): {error}"}))
        return 2
    try:
        result = {"ok": True, **check(browser, arguments)}
    except (PageFault, OSError) as fault:
        result = {"ok": False, "error": str(fault), "console": browser.complaints()}
        if arguments.screenshot:
            try:
                browser.screenshot(arguments.screenshot)
            except (PageFault, OSError):
                pass
    finally:
        browser.close()
    print(json.dumps(result))
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
