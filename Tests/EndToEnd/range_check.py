#!/usr/bin/env python3
"""Asks a running Vedette for random ranges of a clip with curl, Chromium and ffmpeg, and compares them with the file's bytes.

Needs python3 (standard library only), curl, ffmpeg and chromium. Chromium asks by `fetch` and by seeking in a <video>; ffmpeg
by byte offsets, and by seeking (`-ss`) in the clip, where what it copies must be what it copies from the file itself.
Prints one line of JSON; exits 0 when all agree, 1 when something differs, 2 when a client cannot be started.

    python3 Tests/EndToEnd/range_check.py http://127.0.0.1:8080 --token "$(cat data/admin-token)" --event ID --file CLIP
"""

import argparse
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import urllib.parse

from page_check import Browser, PageFault


class Difference(Exception):
    """What a client got that the file does not hold."""


def random_range(size, chance):
    """A `Range` header's value, and the offsets it means: first, one past the last."""
    first = chance.randrange(size)
    last = chance.randrange(first, size + 1000)
    kind = chance.randrange(4)
    if kind == 0:
        return f"{first}-", first, size
    if kind == 1:
        length = chance.randrange(1, size + 1000)
        return f"-{length}", max(0, size - length), size
    return f"{first}-{last}", first, min(last + 1, size)


def header(token):
    return f"Authorization: Bearer {token}"


def with_curl(url, token, data, count, chance, folder):
    """One curl for all of them: connections are used again, as people's tools do."""
    wanted = [random_range(len(data), chance) for _ in range(count)]
    lines = []
    for number, (text, _, _) in enumerate(wanted):
        lines += [f'url = "{url}"', f'header = "{header(token)}"', f'range = "{text}"', "silent", "fail",
                  f'output = "{folder}/{number}.part"', f'dump-header = "{folder}/{number}.head"', "next"]
    config = os.path.join(folder, "curl.conf")
    with open(config, "w") as file:
        file.write("\n".join(lines[:-1]) + "\n")
    subprocess.run(["curl", "--config", config], check=True)
    for number, (text, first, end) in enumerate(wanted):
        with open(f"{folder}/{number}.part", "rb") as part, open(f"{folder}/{number}.head") as head:
            compare(f"curl {text}", part.read(), data[first:end])
            said = head.read().lower()
            if " 206" not in said.splitlines()[0] or f"content-range: bytes {first}-{end - 1}/{len(data)}" not in said:
                raise Difference(f"curl {text}: {said.splitlines()[0]}, and not bytes {first}-{end - 1}/{len(data)}")
    return len(wanted)


def with_ffmpeg(url, token, data, count, chance, folder):
    """As a protocol: any bytes, not parsed."""
    for _ in range(count):
        first = chance.randrange(len(data))
        end = chance.randrange(first + 1, len(data) + 1)
        out = os.path.join(folder, "ffmpeg.part")
        subprocess.run(
            ["ffmpeg", "-v", "error", "-nostdin", "-y", "-headers", header(token) + "\r\n", "-offset", str(first),
             "-end_offset", str(end), "-f", "data", "-i", url, "-map", "0", "-c", "copy", "-f", "data", out], check=True)
        with open(out, "rb") as part:
            compare(f"ffmpeg {first}-{end - 1}", part.read(), data[first:end])
    return count


def ffmpeg_seeks(url, token, path, seconds, count, chance):
    """What it copies from there on, over HTTP and from the file."""
    for _ in range(count):
        begin = f"{chance.uniform(0, seconds * 0.9):.3f}"
        copy = ["-t", "1", "-map", "0", "-c", "copy", "-f", "framemd5", "-"]
        outputs = [
            subprocess.run(["ffmpeg", "-v", "error", "-nostdin", *options, "-ss", begin, "-i", source, *copy], check=True,
                           stdout=subprocess.PIPE).stdout
            for options, source in ((["-headers", header(token) + "\r\n"], url), ([], path))]
        if outputs[0] != outputs[1] or outputs[0].count(b"\n0,") == 0:
            raise Difference(f"ffmpeg -ss {begin} copies other packets over HTTP than from the file")
    return count


def with_chromium(browser, url, data, count, chance):
    """`fetch` with a `Range` header, many at a time; the page hashes what comes."""
    wanted = [random_range(len(data), chance) for _ in range(count)]
    script = """(async (url, ranges) => {
      const hex = (buffer) => [...new Uint8Array(buffer)].map((b) => b.toString(16).padStart(2, '0')).join('');
      return Promise.all(ranges.map(async (range) => {
        const response = await fetch(url, { headers: { Range: 'bytes=' + range }, cache: 'no-store' });
        const body = await response.arrayBuffer();
        return [response.status, response.headers.get('Content-Range'), hex(await crypto.subtle.digest('SHA-256', body))];
      }));
    })"""
    for start in range(0, count, 20):
        some = wanted[start:start + 20]
        answers = browser.evaluate(f"{script}({json.dumps(url)}, {json.dumps([text for text, _, _ in some])})", timeout=300)
        for (text, first, end), answer in zip(some, answers):
            expected = [206, f"bytes {first}-{end - 1}/{len(data)}", hashlib.sha256(data[first:end]).hexdigest()]
            if answer != expected:
                raise Difference(f"Chromium {text}: {answer}, and not {expected}")
    return count


def chromium_seeks(browser, url, count, chance):
    """A <video> that is sent to random places and shows a picture of each."""
    browser.evaluate(f"""new Promise((resolve, reject) => {{
      const v = window.rangeCheck = document.createElement('video');
      v.muted = true; v.preload = 'auto'; v.src = {json.dumps(url)};
      v.onloadeddata = () => resolve(true); v.onerror = () => reject(new Error(v.error.message));
      document.body.append(v);
    }})""", timeout=120)
    before = len([each for each in browser.events if is_partial(each, url)])
    for _ in range(count):
        place = chance.random()
        shown = browser.evaluate(f"""new Promise((resolve, reject) => {{
          const v = window.rangeCheck, wanted = v.duration * {place};
          v.onseeked = () => resolve([wanted, v.currentTime, v.readyState]); v.onerror = () => reject(new Error(v.error.message));
          v.currentTime = wanted;
        }})""", timeout=120)
        if abs(shown[0] - shown[1]) > 0.1 or shown[2] < 2:
            raise Difference(f"Chromium's video was sent to {shown[0]:.2f} s and is at {shown[1]:.2f} s (state {shown[2]})")
    return count, before


def is_partial(event, url):
    return (event["method"] == "Network.responseReceived" and event["params"]["response"]["url"].endswith(url)
            and event["params"]["response"]["status"] == 206)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", help="address of the server")
    parser.add_argument("--token", required=True, help="administrator token")
    parser.add_argument("--event", required=True, help="id of the event whose clip it is")
    parser.add_argument("--file", required=True, help="the clip where it lies on the server")
    parser.add_argument("--count", type=int, default=200, help="ranges for each client (default 200)")
    parser.add_argument("--seeks", type=int, default=20, help="seeks for ffmpeg and for the video each (default 20)")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--chromium", default=shutil.which("chromium") or "chromium")
    arguments = parser.parse_args()
    base = arguments.base.rstrip("/")
    path = f"/v1/events/{arguments.event}/clip.mp4"
    with open(arguments.file, "rb") as file:
        data = file.read()
    seconds = float(subprocess.run(
        ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", arguments.file], check=True,
        stdout=subprocess.PIPE).stdout)
    chance = random.Random(arguments.seed)
    result = {"ok": True, "seed": arguments.seed, "bytes": len(data), "seconds": seconds}
    try:
        browser = Browser(arguments.chromium, 1280, 900)
    except (OSError, PageFault, StopIteration) as error:
        print(json.dumps({"ok": False, "error": f"chromium could not be started ({arguments.chromium}): {error}"}))
        return 2
    try:
        with tempfile.TemporaryDirectory(prefix="vedette-range-check-") as folder:
            result["curl"] = with_curl(base + path, arguments.token, data, arguments.count, chance, folder)
            result["ffmpeg"] = with_ffmpeg(base + path, arguments.token, data, arguments.count, chance, folder)
        result["ffmpeg_seeks"] = ffmpeg_seeks(
            base + path, arguments.token, arguments.file, seconds, arguments.seeks, chance)
        browser.go(f"{base}/?token={urllib.parse.quote(arguments.token)}")
        browser.wait_for("document.querySelector('#events') !== null", "the page for a signed-in administrator", 120)
        result["chromium"] = with_chromium(browser, path, data, arguments.count, chance)
        result["chromium_seeks"], result["chromium_partial_answers"] = chromium_seeks(browser, path, arguments.seeks, chance)
        if result["chromium_partial_answers"] <= arguments.count:
            raise Difference("Chromium's video did not ask for ranges")
    except (Difference, PageFault, subprocess.CalledProcessError, OSError) as fault:
        result |= {"ok": False, "error": str(fault)}
    finally:
        browser.close()
    print(json.dumps(result))
    return 0 if result["ok"] else 1


def compare(what, got, expected):
    if got != expected:
        where = next((i for i, (a, b) in enumerate(zip(got, expected)) if a != b), min(len(got), len(expected)))
        raise Difference(f"{what}: {len(got)} bytes, and not {len(expected)}; they differ from byte {where}")


if __name__ == "__main__":
    sys.exit(main())
