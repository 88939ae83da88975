#!/usr/bin/env python3
"""Times `twinshot diff` against other image comparers: whole processes, in interleaved rounds.

Prints one table for each pair: median wall and CPU milliseconds, peak megabytes, the ratio of our median to each
peer's, and what the tool counted. Then many pairs in one process, and last the goals with what was measured.
Pictures and peers go to a scratch folder outside the repository. A peer that cannot be installed is left out and
named. All tools count anti-aliased pixels as different, at threshold 0.1; ours uses the YIQ metric. ImageMagick has
no such threshold and counts every unequal pixel.
"""

import argparse
import json
import multiprocessing
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import time

# The page, and the release whose style and script it gets for the pair "version".
ADMIN_LTE = ["4.0.0", "4.0.0-rc6"]
# What the page loads from a content delivery network; here it comes from disk.
PAGE_MODULES = [
    "@fontsource/source-sans-3@5.0.12",
    "@popperjs/core@2.11.8",
    "apexcharts@3.37.1",
    "bootstrap-icons@1.13.1",
    "bootstrap@5.3.7",
    "overlayscrollbars@2.11.0",
]
PEERS = ["odiff-bin@4.5.0", "@blazediff/bin@3.5.0", "pixelmatch@7.2.0", "pngjs@7"]
# Tools that are so slow that two rounds tell enough.
SLOW = ["pixelmatch", "imagemagick"]
BROWSERS = ["chromium-headless-shell", "chrome-headless-shell", "chromium", "google-chrome"]
# What is swapped in the page of the pair "slight": two words, and a chat message whose card flows anew.
WORDS = [
    ("Monthly Recap Report", "Quarterly Recap Report"),
    ("CPU Traffic", "Processor Traffic"),
    ("really for free? That's", "really for free, for ever and for everybody? I must say that this is"),
]
BOTH = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
BATCH_SIZES = [20, 200]
# What we want to be: pair, kind, part of odiff's time, part of the fastest peer's time, peak megabytes.
GOALS = [
    ("copy", "count", 0.05, 0.07, 15),
    ("slight", "count", 0.20, 0.25, 25),
    ("slight", "overlay", 0.20, 0.28, 30),
    ("other", "count", 0.33, 0.50, 30),
    ("other", "overlay", 0.33, 0.45, 30),
    ("tall", "count", 0.18, 0.22, 30),
    ("tall", "overlay", 0.20, 0.30, 30),
    ("photo", "count", 0.50, 0.80, 60),
]
BATCH_GOALS = [("odiff", 0.10), ("blazediff", 0.35)]
# Memory for 200 pairs against 20, and time with anti-aliasing detection against without.
FLAT = 1.3
DETECTION_GOAL = 1.3


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


def localised(page, modules):
    """The text of a page, with what it would load from the network taken from a folder of npm packages."""
    address = r"https://cdn\.jsdelivr\.net/npm/((?:@[^/@]+/)?[^/@]+)@[^/]+/"
    text = re.sub(address, lambda match: (modules / match[1]).as_uri() + "/", page.read_text())
    return re.sub(r'\s(?:integrity|crossorigin)="[^"]*"', "", text)


def shoot(browser, page, picture, height, width=1400):
    """A screenshot, taken when the page's clock has run for twenty seconds and its charts have drawn themselves."""
    flags = ["--no-sandbox", "--hide-scrollbars", "--allow-file-access-from-files", "--virtual-time-budget=20000"]
    headless = [] if "headless-shell" in browser else ["--headless"]
    size = f"--window-size={width},{height}"
    run(browser, *headless, *flags, size, f"--screenshot={picture}", page.as_uri(), stderr=subprocess.DEVNULL)


def corpus(scratch):
    """The pairs by name; made once."""
    folder = scratch / "pictures"
    if not folder.exists():
        browser = first_of(BROWSERS) or sys.exit("no browser was found: " + ", ".join(BROWSERS))
        making = scratch / "pictures.part"
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir()
        # In a child: a process that is measured begins with the peak memory of the one that started it.
        artist = multiprocessing.Process(target=draw, args=(scratch, making, browser))
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


def draw(scratch, folder, browser):
    dist, release = [unpack(scratch, version) for version in ADMIN_LTE]
    site = write_site(scratch, dist, release)
    shots = ["page", "changed", "other", "version/page", "tall-a", "tall-b", "photo-a", "photo-b"]
    names = {"changed": "slight", "version/page": "version"}
    sizes = {"tall": (1400, 12000), "photo": (5600, 3200)}
    for shot in shots:
        width, height = sizes.get(shot.split("-")[0], (1400, 4000))
        shoot(browser, site / f"{shot}.html", folder / f"{names.get(shot, shot)}.png", height, width)
    shutil.copy(folder / "page.png", folder / "copy.png")
    recapture(browser, site / "page.html", folder)


def recapture(browser, page, folder):
    """The same page again. Its ring chart seldom comes out the same twice: a few hundred pixels of its edge."""
    for _ in range(20):
        shoot(browser, page, folder / "recapture.png", 4000)
        if (folder / "recapture.png").read_bytes() != (folder / "page.png").read_bytes():
            return
    sys.exit("twenty captures of one page are all equal: the pair `recapture` needs two that are not")


def write_site(scratch, dist, release):
    """The pages to shoot. "version" is the page with another release's style and script, "tall" is six pages in
    frames, "photo" is a photograph that comes with the package, enlarged, and its mirror image."""
    modules = scratch / "page" / "node_modules"
    if not modules.exists():
        run("npm", "install", "--silent", "--prefix", modules.parent, *PAGE_MODULES)
    site = scratch / "site"
    shutil.rmtree(site, ignore_errors=True)
    for folder, styled in [(site, dist), (site / "version", release)]:
        shutil.copytree(dist / "assets", folder / "assets")
        shutil.copytree(styled / "css", folder / "css")
        shutil.copytree(styled / "js", folder / "js")
        (folder / "page.html").write_text(localised(dist / "index2.html", modules))
    changed = (site / "page.html").read_text()
    for before, after in WORDS:
        if before not in changed:
            sys.exit(f"the page does not say: {before}")
        changed = changed.replace(before, after)
    (site / "changed.html").write_text(changed)
    (site / "other.html").write_text(localised(dist / "index3.html", modules))
    (site / "tall-a.html").write_text(frames("page", "other", "page", "page", "other", "page"))
    (site / "tall-b.html").write_text(frames("page", "other", "changed", "page", "other", "changed"))
    (site / "photo-a.html").write_text(PHOTOGRAPH.format(turn="none"))
    (site / "photo-b.html").write_text(PHOTOGRAPH.format(turn="scaleX(-1)"))
    return site


def frames(*pages):
    frame = '<iframe src="{}.html" style="display:block;border:0;width:1400px;height:2000px"></iframe>'
    return '<!doctype html><body style="margin:0">' + "".join(map(frame.format, pages))


PHOTOGRAPH = """<!doctype html><body style="margin:0"><img src="assets/img/photo4.jpg"
style="display:block;width:5600px;height:3200px;object-fit:cover;transform:{turn}">"""


# The tools. Each is a function of two pictures and an overlay or none, and gives a command.


def twinshot(binary, antialiasing="count"):
    settings = ["--metric", "yiq", "--antialiasing", antialiasing]
    return lambda a, b, out: [binary, "diff", a, b, *settings, *(["--out", out] if out else [])]


def install(scratch):
    """Fetches and builds what is missing; what cannot be had is left out later."""
    cargo = ["cargo", "install", "--quiet", "--locked"]
    if not (scratch / "node_modules").exists() and shutil.which("npm"):
        subprocess.run(["npm", "install", "--silent", "--prefix", scratch, *PEERS], check=False)
    if not (scratch / "bin" / "dify").exists() and shutil.which("cargo"):
        subprocess.run([*cargo, "--root", scratch, "dify@0.8.0"], check=False)
    # Its build needs cmake, nasm and the headers of libspng and zlib.
    if not (scratch / "blazediff-6").exists() and shutil.which("cargo"):
        subprocess.run([*cargo, "--root", scratch / "blazediff-6", "blazediff@6.0.2"], check=False)
    for name, text in SCRIPTS.items():
        (scratch / name).write_text(text)


def peers(scratch):
    """The peers that can be had, by name."""
    modules = scratch / "node_modules"
    # Its launcher is a Node script; the binary itself is the fairer rival.
    odiff = next(iter(sorted(modules.glob("@odiff/linux-*/**/odiff*"))), None)
    blazediff = next(iter(sorted(modules.glob("@blazediff/bin-*/blazediff"))), None)
    newest = existing(scratch / "blazediff-6" / "bin" / "blazediff")
    dify = existing(scratch / "bin" / "dify")
    pixelmatch = existing(modules / "pixelmatch") and scratch / "pixelmatch.mjs"
    magick = first_of(["magick"]) or first_of(["compare"])
    verb = ["compare"] if magick and magick.endswith("magick") else []
    simple = lambda *words: lambda a, b, out: [*words, a, b, *([out] if out else [])]
    tools = {
        "odiff": odiff and simple(odiff, "--parsable-stdout"),
        "blazediff": blazediff and simple(blazediff),
        # With its own decoder, which has to be asked for.
        "blazediff 6": newest and simple("BLAZEDIFF_PNG_ENABLED=1", newest),
        # It always writes its picture.
        "dify": dify and (lambda a, b, out: [dify, a, b, "-o", out or scratch / "dify-unasked.png"]),
        "pixelmatch": pixelmatch and simple("node", pixelmatch),
        "imagemagick": magick and (lambda a, b, out: [magick, *verb, "-metric", "AE", a, b, out or "null:"]),
    }
    for name in [name for name, tool in tools.items() if not tool]:
        print(f"left out: {name} is not installed", file=sys.stderr)
    return {name: tool for name, tool in tools.items() if tool}


def existing(path):
    return path if path.exists() else None


SCRIPTS = {
    "pixelmatch.mjs": """
import { readFileSync, writeFileSync } from "node:fs";
import { PNG } from "pngjs";
import pixelmatch from "pixelmatch";
const [a, b] = process.argv.slice(2, 4).map((path) => PNG.sync.read(readFileSync(path)));
const out = process.argv[4] && new PNG({ width: a.width, height: a.height });
const options = { threshold: 0.1, includeAA: true };
console.log(pixelmatch(a.data, b.data, out && out.data, a.width, a.height, options));
if (out) writeFileSync(process.argv[4], PNG.sync.write(out));
""",
    # Arguments: the tool, a folder with the folders a and b, a folder for overlays. Two workers take pairs in turn;
    # odiff gets a server for each, which always saves its picture.
    "batch.mjs": """
import { readdirSync } from "node:fs";
import { ODiffServer } from "odiff-bin";
import { compare } from "@blazediff/bin";
const [tool, folder, overlays] = process.argv.slice(2);
const names = readdirSync(`${folder}/a`);
let counted = 0;
async function work(worker) {
  const server = tool === "odiff" && new ODiffServer();
  for (let name; (name = names.pop()); ) {
    const [a, b] = [`${folder}/a/${name}`, `${folder}/b/${name}`];
    const found = server
      ? await server.compare(a, b, `${overlays}/batch-${worker}.png`, { threshold: 0.1 })
      : await compare(a, b, undefined, { threshold: 0.1 });
    counted += found.diffCount ?? 0;
  }
  if (server) server.stop();
}
await Promise.all([work(0), work(1)]);
console.log(counted);
""",
}


# The clock.


# A process begins with the peak memory of the one that starts it, so a small interpreter does. It prints seconds of
# wall and CPU time, peak kilobytes and the exit status as its last line.
STARTER = """
import os, sys, time
start = time.perf_counter()
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(child, 0)
wall = time.perf_counter() - start
print("", wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, os.waitstatus_to_exitcode(status), sep="\\n")
"""


def measure(command):
    """Wall milliseconds, CPU milliseconds and peak megabytes of one process; its exit status and what it printed.

    Words with `=` before the program are its environment. The peak is the kernel's when the process ends; it cannot
    be lower than what a bare Python has, about 9 MB.
    """
    words = [os.fspath(part) for part in command]
    settings = dict(word.split("=", 1) for word in words if re.match(r"[A-Z_]+=", word))
    starter = [sys.executable, "-I", "-S", "-c", STARTER, *words[len(settings) :]]
    environment = {**os.environ, **settings}
    ended = subprocess.run(starter, check=True, text=True, errors="replace", env=environment, **BOTH)
    printed, wall, cpu, peak, status = ended.stdout.rstrip("\n").rsplit("\n", 4)
    return (float(wall) * 1000, float(cpu) * 1000, int(peak) / 1024), (int(status), printed)


def rounds(commands, count):
    """The medians of each command, which take turns, so that a slow minute is slow for all. The round before the
    first warms up; what it counted is kept. A slow tool takes part in two rounds."""
    runs, counted = {name: [] for name in commands}, {}
    for turn in range(count + 1):
        for name, command in commands.items():
            if turn > 2 and name in SLOW:
                continue
            figures, result = measure(command)
            if turn == 0:
                counted[name] = count_of(name, *result)
            else:
                runs[name].append(figures)
    medians = {name: [statistics.median(column) for column in zip(*figures)] for name, figures in runs.items()}
    return medians, counted


def count_of(name, status, printed):
    """How many pixels a tool found to differ; stops when it did not compare at all."""
    if name == "dify" and status >= 0:
        return f"{status} mod 256"
    if name == "imagemagick" and status in (0, 1):
        return str(round(float(printed)))
    patterns = {
        "twinshot": r"(\d+) of \d+ pixels",
        "twinshot, detection": r"(\d+) of \d+ pixels",
        "odiff": r"^(\d+)",
        "blazediff": r'"diffCount":(\d+)',
        "blazediff 6": r'"diffCount":(\d+)',
        "pixelmatch": r"^(\d+)",
    }
    found = re.search(patterns.get(name, "$^"), printed)
    return found[1] if found else sys.exit(f"{name} failed with status {status}: {printed.strip()}")


def table(title, medians, counted):
    ours = medians["twinshot"][0]
    print(f"\n{title}\n{'':20} {'wall ms':>8} {'cpu ms':>8} {'peak MB':>8} {'ours/its':>9}   counted")
    for name, (wall, cpu, peak) in medians.items():
        figures = f"{wall:8.1f} {cpu:8.1f} {peak:8.1f} {ours / wall:9.2f}"
        print(f"{name:20} {figures}   {counted[name]}", flush=True)


# Many pairs in one process.


def folders(scratch, pair, count):
    """Two folders with so many copies of a pair."""
    folder = scratch / f"batch-{count}"
    shutil.rmtree(folder, ignore_errors=True)
    for side, picture in zip("ab", pair):
        (folder / side).mkdir(parents=True)
        for index in range(count):
            shutil.copy(picture, folder / side / f"{index:03}.png")
    return folder


def batch(scratch, binary, pair, tools, count):
    """The medians for many pairs: all files are read and decoded each time."""
    commands = {}
    for size in BATCH_SIZES:
        folder = folders(scratch, pair, size)
        settings = ["--metric", "yiq", "--antialiasing", "count", "--format", "jsonl"]
        commands[f"twinshot, {size}"] = [binary, "diff", folder / "a", folder / "b", *settings]
    script = [scratch / "batch.mjs"]
    for name in {"odiff", "blazediff"} & set(tools):
        commands[f"{name}, {size}"] = ["node", *script, name, folder, scratch]
    runs = {name: [] for name in commands}
    for turn in range(count + 1):
        for name, command in commands.items():
            figures, (status, printed) = measure(command)
            check_batch(name, status, printed)
            if turn > 0:
                runs[name].append(figures)
    return {name: [statistics.median(column) for column in zip(*figures)] for name, figures in runs.items()}


def check_batch(name, status, printed):
    """A tool that compared nothing would be fast."""
    if name.startswith("twinshot"):
        counted = sum(json.loads(line).get("mismatched_pixels", 0) for line in printed.splitlines())
    else:
        # odiff's library warns of each server that it stops.
        counted = sum(int(line) for line in printed.splitlines() if line.isdigit())
    if counted == 0:
        sys.exit(f"{name} pairs: nothing was compared, status {status}: {printed[:500]}")


def batch_table(medians):
    print(f"\nmany pairs `slight` in one process, 2 workers\n{'':20} {'ms/pair':>8} {'cpu/pair':>8} {'peak MB':>8}")
    for name, (wall, cpu, peak) in medians.items():
        pairs = int(name.split(", ")[1])
        print(f"{name:20} {wall / pairs:8.1f} {cpu / pairs:8.1f} {peak:8.1f}", flush=True)


# The goals.


def goal(title, figure, limit, unit=""):
    if figure is None:
        print(f"{title:58} {'':>8} {limit:>6}{unit:3} not measured")
    else:
        print(f"{title:58} {figure:8.2f} {limit:>6}{unit:3} {'met' if figure <= limit else 'MISSED'}")


def summary(measured, many):
    print(f"\n{'the goals':58} {'measured':>8} {'goal':>6}")
    for pair, kind, of_odiff, of_fastest, megabytes in GOALS:
        medians = measured.get((pair, kind), {})
        peer_walls = {name: wall for name, (wall, _, _) in medians.items() if not name.startswith("twinshot")}
        fastest = min(peer_walls, key=peer_walls.get, default=None)
        ratio = lambda name: medians["twinshot"][0] / peer_walls[name] if name in peer_walls else None
        goal(f"{pair}, {kind}: of odiff's time", ratio("odiff"), of_odiff)
        goal(f"{pair}, {kind}: of the fastest peer's time ({fastest})", ratio(fastest), of_fastest)
        goal(f"{pair}, {kind}: peak memory", medians.get("twinshot", [None] * 3)[2], megabytes, " MB")
    few, all_pairs = [f"twinshot, {size}" for size in BATCH_SIZES]
    size = BATCH_SIZES[1]
    part = lambda one, other, column: many[one][column] / many[other][column] if {one, other} <= set(many) else None
    for peer, limit in BATCH_GOALS:
        goal(f"{size} pairs in one process: of {peer}'s time", part(all_pairs, f"{peer}, {size}", 0), limit)
    goal(f"peak memory for {size} pairs, of that for {BATCH_SIZES[0]}", part(all_pairs, few, 2), FLAT)
    ours = measured.get(("slight", "count"), {})
    detection = ours["twinshot, detection"][0] / ours["twinshot"][0] if ours else None
    goal("slight, count: with anti-aliasing detection, of without", detection, DETECTION_GOAL)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", help="the twinshot binary, built with --release")
    parser.add_argument("--scratch", type=pathlib.Path, default=pathlib.Path("/tmp/twinshot-bench"))
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--only", action="append", help="a pair, or `many` for many pairs; may be given again")
    parser.add_argument("--without", action="append", default=[], help="a peer to leave out")
    arguments = parser.parse_args()
    scratch = arguments.scratch.resolve()
    scratch.mkdir(parents=True, exist_ok=True)
    install(scratch)
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} before the first round")
    rivals = {name: tool for name, tool in peers(scratch).items() if name not in arguments.without}
    tools = {"twinshot": twinshot(arguments.binary), **rivals}
    is_wanted = lambda name: not arguments.only or name in arguments.only
    measured, pairs, many = {}, corpus(scratch), {}
    for pair, (a, b) in pairs.items():
        for kind in ["count", "overlay"] if is_wanted(pair) else []:
            entrants = dict(tools)
            if (pair, kind) == ("slight", "count"):
                entrants["twinshot, detection"] = twinshot(arguments.binary, "ignore")
            out = lambda name: scratch / f"{name}.png" if kind == "overlay" else None
            commands = {name: tool(a, b, out(name)) for name, tool in entrants.items()}
            measured[pair, kind], counted = rounds(commands, arguments.rounds)
            table(f"{pair}, {kind}", measured[pair, kind], counted)
    if is_wanted("many"):
        many = batch(scratch, arguments.binary, pairs["slight"], tools, min(arguments.rounds, 3))
        batch_table(many)
    summary(measured, many)
    print(f"load {os.getloadavg()[0]:.1f} after the last round")


if __name__ == "__main__":
    main()
