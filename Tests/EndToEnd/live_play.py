#!/usr/bin/env python3
"""Watches a camera live in headless Chromium for some time, and tells whether it played on and how far behind it was.

Needs python3 (standard library only) and chromium. The page's own player plays; this only reads its <video> four times a second:
how fast `currentTime` goes against the clock, how much is buffered beyond it (what the viewer is behind what has arrived), and
each `waiting`, `stalled`, `seeking` and new source. Prints one line of JSON; exits 0 when all is well, 1 when not, 2 when the
browser cannot be started.

A starved machine makes any player wait, so only a stream that broke or stands still is at fault, unless --strict is given:
then nothing may have waited, jumped or grown later.

    python3 Tests/EndToEnd/live_play.py http://127.0.0.1:8080 --token "$(cat data/admin-token)" --camera gate --seconds 300 --strict
"""

import argparse
import json
import os
import shutil
import sys
import time
import urllib.parse

from page_check import LIVE, LIVE_VIDEO, Browser, PageFault

RECORDER = f"""(() => {{
  const v = {LIVE_VIDEO};
  const seen = window.livePlay = {{ samples: [], events: [], source: v.src }};
  const began = performance.now();
  for (const name of ['waiting', 'stalled', 'seeking', 'error', 'emptied', 'pause', 'ended'])
    v.addEventListener(name, () => seen.events.push([Math.round(performance.now() - began) / 1000, name]));
  setInterval(() => {{
    const quality = v.getVideoPlaybackQuality(), n = v.buffered.length;
    seen.samples.push([performance.now() / 1000, v.currentTime, n ? v.buffered.end(n - 1) - v.currentTime : null,
      quality.totalVideoFrames, quality.droppedVideoFrames, v.playbackRate]);
  }}, 250);
  return true;
}})()"""


def play(browser, arguments):
    base = arguments.base.rstrip("/")
    browser.go(f"{base}/?token={urllib.parse.quote(arguments.token)}")
    browser.wait_for("document.querySelector('.camera:not(.skeleton)') !== null", "the cameras", 120)
    # What the page sends when it asks.
    asked = lambda: [each["params"]["request"]["url"] for each in browser.events
                     if each["method"] == "Network.requestWillBeSent" and "/live.mp4" in each["params"]["request"]["url"]]
    found = browser.evaluate(
        "(() => { const c = [...document.querySelectorAll('.camera:not(.skeleton)')]"
        f".find((e) => e.querySelector('.camera-name').textContent === {json.dumps(arguments.camera)});"
        "c?.querySelector('.camera-open').click(); return Boolean(c); })()")
    if not found:
        raise PageFault(f"there is no camera {arguments.camera!r}")
    started = time.monotonic()
    browser.wait_for(f"{LIVE}?.dataset.state === 'live' && {LIVE_VIDEO}.videoWidth > 0", "the live picture", 120)
    seen = {"picture_after_seconds": round(time.monotonic() - started, 2)}
    if arguments.sound:
        browser.evaluate("document.querySelector('.live-tools button').click()")
        browser.idle(2)
        browser.wait_for(f"{LIVE}?.dataset.state === 'live' && !{LIVE_VIDEO}.muted", "the live picture with sound", 120)
    # The first seconds are for catching up with the present.
    browser.idle(arguments.settle)
    browser.evaluate(RECORDER)
    browser.events[:] = [each for each in browser.events if each["method"] == "Network.requestWillBeSent"]
    deadline = time.monotonic() + arguments.seconds
    samples, events = [], []
    while time.monotonic() < deadline:
        browser.idle(min(5, max(0.1, deadline - time.monotonic())))
        more, events = browser.evaluate(
            "(() => { const s = window.livePlay; const some = s.samples; s.samples = []; return [some, s.events]; })()")
        samples += more
    same = browser.evaluate(f"{LIVE_VIDEO}.src === window.livePlay.source")
    seen["asked"] = [urllib.parse.urlsplit(each).query for each in asked()]
    seen["size"] = browser.evaluate(f"{LIVE_VIDEO}.videoWidth + 'x' + {LIVE_VIDEO}.videoHeight")
    return seen, samples, events, same


def judge(seen, samples, events, same, strict):
    """Adds the figures; returns what is wrong."""
    if len(samples) < 2:
        return "the page gave no figures"
    first, last = samples[0], samples[-1]
    wall = last[0] - first[0]
    behind = [each[2] for each in samples if each[2] is not None]
    third = max(1, len(behind) // 3)
    mean = lambda values: round(sum(values) / len(values), 3)
    steps = [(b[0] - a[0], b[1] - a[1]) for a, b in zip(samples, samples[1:])]
    still = longest = 0.0
    for seconds, moved in steps:
        still = still + seconds if moved <= 0 else 0.0
        longest = max(longest, still)
    names = [name for _, name in events]
    seen |= {
        "seconds": round(wall, 1), "played_seconds": round(last[1] - first[1], 2),
        "progress": round((last[1] - first[1]) / wall, 4) if wall else 0,
        "frames": last[3] - first[3], "dropped_frames": last[4] - first[4],
        "behind_seconds": {"least": round(min(behind), 3), "mean": mean(behind), "most": round(max(behind), 3),
                           "first_third": mean(behind[:third]), "last_third": mean(behind[-third:])} if behind else None,
        "longest_standstill_seconds": round(longest, 2),
        "playing_faster_share": round(sum(each[5] > 1 for each in samples) / len(samples), 3),
        "events": {name: names.count(name) for name in dict.fromkeys(names)},
    }
    if not same or {"error", "emptied", "ended"} & set(names):
        return "the live stream broke"
    if last[3] == first[3] or not behind:
        return "the live picture stands still"
    if not strict:
        return None
    if {"waiting", "stalled", "seeking", "pause"} & set(names):
        return f"it did not play through: {events[:20]}"
    if not 0.97 < seen["progress"] < 1.03:
        return f"it played {seen['progress']} seconds in each second"
    if abs(seen["behind_seconds"]["last_third"] - seen["behind_seconds"]["first_third"]) > 0.2 or max(behind) > 2:
        return "how far it is behind is not constant"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", help="address of the server")
    parser.add_argument("--token", required=True, help="administrator token")
    parser.add_argument("--camera", required=True, help="name of the camera")
    parser.add_argument("--seconds", type=float, default=float(os.environ.get("LIVE_SECONDS", "20")),
                        help="how long it is watched (default $LIVE_SECONDS, else 20)")
    parser.add_argument("--settle", type=float, default=5, help="seconds before that, not looked at (default 5)")
    parser.add_argument("--sound", action="store_true", help="with the camera's sound")
    parser.add_argument("--strict", action="store_true", help="no stall and constant latency; for a machine that has the time")
    parser.add_argument("--screenshot", help="where to write a picture of it (PNG)")
    parser.add_argument("--chromium", default=shutil.which("chromium") or "chromium")
    arguments = parser.parse_args()
    try:
        browser = Browser(arguments.chromium, 1280, 900)
    except (OSError, PageFault, StopIteration) as error:
        print(json.dumps({"ok": False, "error": f"chromium could not be started ({arguments.chromium}): {error}"}))
        return 2
    try:
        seen, samples, events, same = play(browser, arguments)
        fault = judge(seen, samples, events, same, arguments.strict)
        result = {"ok": fault is None, **({"error": fault} if fault else {}), **seen}
        if arguments.screenshot:
            browser.screenshot(arguments.screenshot)
    except (PageFault, OSError) as fault:
        result = {"ok": False, "error": str(fault), "console": browser.complaints()}
    finally:
        browser.close()
    print(json.dumps(result))
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
