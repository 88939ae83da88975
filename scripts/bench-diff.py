#!/usr/bin/env python3
"""Times `twinshot diff` against other image comparers: whole processes, in interleaved rounds.

Prints one table for each pair: median wall and CPU milliseconds, peak megabytes, and the ratio of our median to
each peer's. Pictures and peers go to a scratch folder outside the repository. A peer that cannot be installed is
left out and named. All tools count anti-aliased pixels as different, at threshold 0.1; ours uses the YIQ metric.
"""

import argparse
import multiprocessing
import os
import pathlib
import random
import shutil
import statistics
import struct
import subprocess
import sys
import time
import zlib

ADMIN_LTE = ["4.0.0", "4.0.2"]
PEERS = ["odiff-bin@4", "@blazediff/bin", "pixelmatch@7.2.0", "pngjs"]
BROWSERS = ["chromium-headless-shell", "chrome-headless-shell", "chromium", "google-chrome"]
# What is swapped in the page of the pair "slight".
WORDS = [("Monthly Recap Report", "Quarterly Recap Report"), ("CPU Traffic", "Processor Traffic")]


def run(*command, **options):
    return subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **options)


def first_of(names):
    return next(filter(None, map(shutil.which, names)), None)


# The pictures.


def unpack(scratch, version):
    """The folder with the pages of one release of the npm package admin-lte."""
    folder = scratch / f"admin-lte-{version}"
    if not folder.exists():
        folder.mkdir()
        run("npm", "pack", "--silent", f"admin-lte@{version}", cwd=folder)
        run("tar", "xzf", next(folder.glob("*.tgz")), cwd=folder)
    return folder / "package" / "dist"


def shoot(browser, page, picture, height):
    flags = ["--no-sandbox", "--hide-scrollbars", "--allow-file-access-from-files"]
    headless = [] if "headless-shell" in browser else ["--headless"]
    size = f"--window-size=1400,{height}"
    run(browser, *headless, *flags, size, f"--screenshot={picture}", page.as_uri(), stderr=subprocess.DEVNULL)


def noise(picture, seed, width=5600, height=3200):
    """A picture that hardly compresses, as a photograph: a ramp of brightness under noise."""
    steps = bytes((byte % 5 - 2) & 255 if byte < 250 else 0 for byte in range(256))
    source = random.Random(seed)
    packer = zlib.compressobj(6)
    data = bytearray()
    for y in range(height):
        # Filter 1: every byte is the difference from the pixel on its left.
        row = bytes([1] + [60 + y * 120 // height] * 3) + source.randbytes((width - 1) * 3).translate(steps)
        data += packer.compress(row)
    data += packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = lambda kind, body: struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    end = chunk(b"IEND", b"")
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", bytes(data)) + end)


def corpus(scratch):
    """The pairs by name; made once."""
    folder = scratch / "pictures"
    if not folder.exists():
        browser = first_of(BROWSERS) or sys.exit("no browser was found: " + ", ".join(BROWSERS))
        making = scratch / "pictures.part"
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir()
        releases = [unpack(scratch, version) for version in ADMIN_LTE]
        # In a child: a process that is measured begins with the peak memory of the one that started it.
        artist = multiprocessing.Process(target=draw, args=(making, browser, *releases))
        artist.start()
        artist.join()
        if artist.exitcode != 0:
            sys.exit("the pictures could not be made")
        making.rename(folder)
    names = ["copy", "recapture", "slight", "version", "other"]
    pairs = {name: (folder / "page.png", folder / f"{name}.png") for name in names}
    pairs["tall"] = (folder / "tall-a.png", folder / "tall-b.png")
    pairs["photo"] = (folder / "photo-a.png", folder / "photo-b.png")
    return pairs


def draw(folder, browser, dist, newer):
    page = dist / "index2.html"
    changed = dist / "changed.html"
    text = page.read_text()
    for before, after in WORDS:
        text = text.replace(before, after)
    changed.write_text(text)
    for name, source in [("page", page), ("recapture", page), ("slight", changed)]:
        shoot(browser, source, folder / f"{name}.png", 4000)
    shoot(browser, newer / "index2.html", folder / "version.png", 4000)
    shoot(browser, dist / "index3.html", folder / "other.png", 4000)
    shutil.copy(folder / "page.png", folder / "copy.png")
    shoot(browser, page, folder / "tall-a.png", 12000)
    shoot(browser, changed, folder / "tall-b.png", 12000)
    noise(folder / "photo-a.png", 1)
    noise(folder / "photo-b.png", 2)


# The tools. Each is a function of two pictures and an overlay or none, and gives a command.


def twinshot(binary):
    def command(a, b, out):
        return [binary, "diff", a, b, "--metric", "yiq", "--antialiasing", "count", *(["--out", out] if out else [])]

    return command


def install(scratch):
    """The peers that can be had, by name."""
    modules = scratch / "node_modules"
    if not modules.exists() and shutil.which("npm"):
        subprocess.run(["npm", "install", "--silent", "--prefix", scratch, *PEERS], check=False)
    dify = scratch / "bin" / "dify"
    if not dify.exists() and shutil.which("cargo"):
        subprocess.run(["cargo", "install", "--quiet", "--locked", "--root", scratch, "dify@0.8.0"], check=False)
    script = scratch / "pixelmatch.mjs"
    script.write_text(PIXELMATCH)
    with_out = lambda out: [out] if out else []
    # Its launcher is a Node script; the binary itself is the fairer rival.
    odiff = next(iter(sorted(modules.glob("@odiff/linux-*/**/odiff*"))), None)
    blazediff = next(iter(sorted(modules.glob("@blazediff/bin-*/blazediff"))), None)
    magick = first_of(["magick"]) or first_of(["compare"])
    verb = ["compare"] if magick and magick.endswith("magick") else []
    tools = {
        "odiff": odiff and (lambda a, b, out: [odiff, a, b, *with_out(out)]),
        "blazediff": blazediff and (lambda a, b, out: [blazediff, a, b, *with_out(out)]),
        # It always writes its picture.
        "dify": dify.exists() and (lambda a, b, out: [dify, a, b, "-o", out or scratch / "dify.png"]),
        "pixelmatch": (modules / "pixelmatch").exists()
        and (lambda a, b, out: ["node", script, a, b, *with_out(out)]),
        "imagemagick": magick and (lambda a, b, out: [magick, *verb, "-metric", "AE", a, b, out or "null:"]),
    }
    for name in [name for name, tool in tools.items() if not tool]:
        print(f"left out: {name} is not installed", file=sys.stderr)
    return {name: tool for name, tool in tools.items() if tool}


PIXELMATCH = """
import { readFileSync, writeFileSync } from "node:fs";
import { PNG } from "pngjs";
import pixelmatch from "pixelmatch";
const [a, b] = process.argv.slice(2, 4).map((path) => PNG.sync.read(readFileSync(path)));
const out = process.argv[4] && new PNG({ width: a.width, height: a.height });
const options = { threshold: 0.1, includeAA: true };
console.log(pixelmatch(a.data, b.data, out && out.data, a.width, a.height, options));
if (out) writeFileSync(process.argv[4], PNG.sync.write(out));
"""


# The clock.


def measure(command):
    """Wall milliseconds, CPU milliseconds and peak megabytes of one process.

    The peak is read from the kernel when the process ends; it cannot be lower than what this script itself had
    in memory when it forked, about 10 MB.
    """
    start = time.perf_counter()
    process = subprocess.Popen(
        [os.fspath(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    wall = time.perf_counter() - start
    return wall * 1000, (usage.ru_utime + usage.ru_stime) * 1000, usage.ru_maxrss / 1024


def rounds(commands, count):
    """The medians of each command, which take turns, so that a slow minute is slow for all."""
    runs = {name: [] for name in commands}
    for turn in range(count + 1):
        for name, command in commands.items():
            figures = measure(command)
            if turn > 0:
                runs[name].append(figures)
    return {name: [statistics.median(column) for column in zip(*figures)] for name, figures in runs.items()}


def table(pair, kind, medians):
    ours = medians["twinshot"][0]
    print(f"\n{pair}, {kind}\n{'':12} {'wall ms':>8} {'cpu ms':>8} {'peak MB':>8}   ours/theirs")
    for name, (wall, cpu, peak) in medians.items():
        print(f"{name:12} {wall:8.1f} {cpu:8.1f} {peak:8.1f}   {ours / wall:.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", help="the twinshot binary, built with --release")
    parser.add_argument("--scratch", type=pathlib.Path, default=pathlib.Path("/tmp/twinshot-bench"))
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--only", action="append", help="a pair; may be given again")
    parser.add_argument("--without", action="append", default=[], help="a peer to leave out")
    arguments = parser.parse_args()
    scratch = arguments.scratch.resolve()
    scratch.mkdir(parents=True, exist_ok=True)
    tools = {"twinshot": twinshot(arguments.binary), **install(scratch)}
    tools = {name: tool for name, tool in tools.items() if name not in arguments.without}
    for pair, (a, b) in corpus(scratch).items():
        if arguments.only and pair not in arguments.only:
            continue
        for kind in ["count", "overlay"]:
            out = lambda name: scratch / f"{name}.png" if kind == "overlay" else None
            commands = {name: tool(a, b, out(name)) for name, tool in tools.items()}
            table(pair, kind, rounds(commands, arguments.rounds))


if __name__ == "__main__":
    main()
