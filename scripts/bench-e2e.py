#!/usr/bin/env python3
"""Times whole runs of Twinshot against other visual testers, on the same pages, browser and flags.

Serves two folders of pages on two loopback ports, and has each tool take a full-page picture of every page on both,
compare the pairs and write its report. Prints one table for each task: median wall and CPU seconds and peak megabytes
of all processes of the tool (scripts/bench-e2e.measure.py says how they are read; our server is not among them), the
ratio of our median to each tool's, and how many pairs the tool called different or could not decide, with how many of
those that differ it missed and how many of its differences are false. Last come the goals with what was measured.

Tasks: `pages` (the two folders), `memory` (60 pages against 20, ours only: the same pages three times, so that only what
accumulates counts, and 60 different ones, some of which are larger than all of the 20), `itself` (the baseline against itself, as
many runs as rounds) and `login` (a flow of four steps on the embedded demo site). Tools take turns within a round, so
that a slow minute is slow for all. Two pages are worked on at once, with every tool.

By default the folders are two releases of the npm package admin-lte, which look alike; every fourth page of the newer
one gets a small label, so that each tool has something to find. What pages load from cdn.jsdelivr.net comes from
npm and the same server; all other hosts fail at once, for every tool. Pages and peers go to a scratch folder outside
the repository. A peer that cannot be installed is left out and named.
"""

import argparse
import asyncio
import contextlib
import dataclasses
import email.utils
import json
import mimetypes
import multiprocessing
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import urllib.parse

SCRIPTS = pathlib.Path(__file__).resolve().parent
RELEASES = ["4.0.0", "4.0.2"]
PEERS = ["backstopjs@6.3.25", "@playwright/test@1.65.1"]
# Debian's command is a shell script around the first; chromedriver would end the script and leave the browser.
BROWSERS = [
    "/usr/lib/chromium/chromium-headless-shell",
    "chromium-headless-shell",
    "chrome-headless-shell",
    "/usr/lib/chromium/chromium",
    "chromium",
    "google-chrome",
]
# What Twinshot gives its browsers, so that they all draw alike, and no host but this machine.
FLAGS = [
    "--disable-gpu",
    "--disable-lcd-text",
    "--font-render-hinting=none",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
    "--lang=en-US",
    "--mute-audio",
    "'--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'",
]
# Pages with charts, tables, forms, pictures and motion come first; the rest follows by name.
VARIED = """
index index2 index3 widgets/small-box widgets/info-box widgets/cards UI/general UI/icons UI/timeline forms/elements
forms/layout tables/simple tables/data pages/profile pages/calendar pages/kanban pages/invoice pages/pricing
examples/login layout/fixed-complete
""".split()
VIEWPORT = (1400, 1000)
WORKERS = 2
MANY_PAGES = 60
DEADLINE = 900
PLANTED = slice(3, None, 4)
LABEL = """<div style="position: absolute; top: 420px; left: 620px; padding: 4px 10px; background: #e8f0fe; color: #123">
Released today</div></body>"""
LOGIN_STEPS = ["login", "filled", "dashboard", "settings"]
FLOORS = ["cdp floor", "webdriver floor"]
BACKSTOPS = {"backstopjs, playwright": "playwright", "backstopjs, puppeteer": "puppeteer"}
PLAYWRIGHT = "playwright test"
TASKS = ["pages", "memory", "itself", "login"]


def existing(path):
    return path if path.exists() else None


# The pages.


def npm_install(folder, *packages):
    """Installs packages below a folder, without their scripts, which would fetch browsers; whether that worked."""
    folder.mkdir(parents=True, exist_ok=True)
    quiet = ["--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
    return subprocess.run(["npm", "install", *quiet, "--prefix", folder, *packages], check=False).returncode == 0


def installed_releases(scratch):
    """The pages of the releases that are compared by default."""
    folder = scratch / "pages"
    names = [f"admin-lte-{release}" for release in RELEASES]
    missing = [f"{name}@npm:admin-lte@{name[10:]}" for name in names if not (folder / "node_modules" / name).exists()]
    if missing and not npm_install(folder, *missing):
        sys.exit("admin-lte cannot be had from npm; name two folders of pages with --baseline and --candidate")
    return [folder / "node_modules" / name / "dist" for name in names]


ON_CDN = re.compile(r'((?:src|href)=")https://cdn\.jsdelivr\.net/npm/((?:@[\w.-]+/)?[\w.-]+)@([\w.-]+)/')


def local_name(package, version):
    return package.replace("@", "").replace("/", "-") + "-" + version


def localised(scratch, folder, name):
    """A copy of a folder whose pages load from the same server what they would load from jsdelivr.net."""
    modules, site = scratch / "cdn", scratch / "sites" / name
    shutil.rmtree(site, ignore_errors=True)
    shutil.copytree(folder, site)
    (site / "from-npm").symlink_to(modules / "node_modules")
    wanted = {}
    for page in site.rglob("*.html"):
        if page.is_relative_to(site / "from-npm"):
            continue
        text = page.read_text(errors="surrogateescape")
        wanted |= {local_name(package, version): f"{package}@{version}" for _, package, version in ON_CDN.findall(text)}
        text = ON_CDN.sub(lambda match: f"{match[1]}/from-npm/{local_name(match[2], match[3])}/", text)
        text = re.sub(r'\s(?:integrity|crossorigin)="[^"]*"', "", text)
        page.write_text(text, errors="surrogateescape")
    missing = [f"{alias}@npm:{package}" for alias, package in wanted.items() if not (site / "from-npm" / alias).exists()]
    if missing and not npm_install(modules, *missing):
        print(f"left out of the pages, npm does not give them: {' '.join(missing)}", file=sys.stderr)
    return site


def common_pages(sites):
    """The paths that both sites have, the varied ones first."""
    listed = [{path.relative_to(site).as_posix() for path in html_below(site)} for site in sites]
    rank = {f"{name}.html": number for number, name in enumerate(VARIED)}
    return sorted(listed[0] & listed[1], key=lambda path: (rank.get(path, len(rank)), path))


def html_below(site):
    return (path for path in site.rglob("*.html") if not path.is_relative_to(site / "from-npm"))


def first_pages(pages, count):
    """So many paths; with fewer pages, some come again under another query."""
    return [pages[number % len(pages)] + ("" if number < len(pages) else f"?{number}") for number in range(count)]


def plant(site, pages):
    """Puts the label on every fourth page; the pages that have it now."""
    for page in pages[PLANTED]:
        path = site / page
        path.write_text(path.read_text().replace("</body>", LABEL))
    return pages[PLANTED]


# The server.


class Answering(asyncio.Protocol):
    """HTTP/1.1 for files below a folder, kept in memory: as cheap as it gets, since the processors are shared."""

    def __init__(self, site, cache):
        self.site, self.cache, self.received = site, cache, b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.received += data
        while b"\r\n\r\n" in self.received:
            head, self.received = self.received.split(b"\r\n\r\n", 1)
            target = head.split(b" ", 2)[1].decode("latin-1")
            path = urllib.parse.unquote(urllib.parse.urlsplit(target).path)
            if path not in self.cache:
                self.cache[path] = self.answer(path)
            self.transport.write(self.cache[path])

    def answer(self, path):
        file = self.site / os.path.normpath("/" + path).lstrip("/")
        if not file.is_file():
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        kind = mimetypes.guess_type(file)[0] or "application/octet-stream"
        charset = "; charset=utf-8" if kind.startswith("text/") else ""
        changed = email.utils.formatdate(file.stat().st_mtime, usegmt=True)
        body = file.read_bytes()
        head = f"Content-Type: {kind}{charset}\r\nContent-Length: {len(body)}\r\nLast-Modified: {changed}"
        return f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n".encode() + body


def serve(site, ports):
    signal.signal(signal.SIGTERM, signal.SIG_DFL)

    async def forever():
        cache = {}
        server = await asyncio.get_running_loop().create_server(lambda: Answering(site, cache), "127.0.0.1", 0)
        ports.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(forever())


@contextlib.contextmanager
def served(*sites):
    """The addresses of sites, each served by a process of its own."""
    ports = multiprocessing.Queue()
    addresses, servers = [], []
    try:
        for site in sites:
            servers.append(multiprocessing.Process(target=serve, args=(site, ports), daemon=True))
            servers[-1].start()
            addresses.append(f"http://127.0.0.1:{ports.get(timeout=30)}/")
        yield addresses
    finally:
        for server in servers:
            server.terminate()
            server.join()


@contextlib.contextmanager
def demo_served(binary):
    """The addresses of both releases of the embedded demo site."""
    demo = subprocess.Popen([binary, "demo"], stdout=subprocess.PIPE, text=True)
    try:
        yield [demo.stdout.readline().split()[1] + "/" for _ in range(2)]
    finally:
        demo.terminate()
        demo.wait()


# The tools. Each is a function of a job that writes what the tool needs and gives a trial.


@dataclasses.dataclass
class Job:
    """What all tools are asked to do: pages, or the steps of the login."""

    folder: pathlib.Path
    browser: pathlib.Path
    addresses: list
    pages: list = dataclasses.field(default_factory=list)
    # The pages that are known to differ, or None when that is not known.
    planted: list = None

    @property
    def shots(self):
        return len(self.pages or LOGIN_STEPS)

    def titles(self):
        return [f"{number:03} {page}" for number, page in enumerate(self.pages)]

    def judged(self, outcome):
        """What a tool reported, and how far that is from what was planted."""
        text = str(len(outcome.different)) + (f" ({len(outcome.undecided)})" if outcome.undecided else "")
        if self.planted is None:
            return text
        known = {title for title, page in zip(self.titles(), self.pages) if page in self.planted}
        wrong = {"missed": known - outcome.different, "false": outcome.different - known}
        return text + "".join(f" {word} {len(titles)}" for word, titles in wrong.items() if titles)


@dataclasses.dataclass
class Outcome:
    """Of so many pairs compared, the titles of those that differ and of those that could not be decided."""

    compared: int
    different: set = dataclasses.field(default_factory=set)
    undecided: set = dataclasses.field(default_factory=set)


@dataclasses.dataclass
class Trial:
    """Commands that are run one after another, and what tells afterwards what they found."""

    commands: list
    outcome: object
    environment: dict = dataclasses.field(default_factory=dict)


def written(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text if isinstance(text, str) else json.dumps(text, indent=1))
    return path


def twinshot(binary, in_one_flow=False):
    """A flow for each page, isolated from all others as with the peers, or one flow that goes to all pages."""

    def prepare(job):
        production, staging = ({"url": address} for address in job.addresses)
        config = {"environments": {"production": production, "staging": staging}}
        written(job.folder / "twinshot.yaml", config)
        for number, flow in enumerate(flows_of(job, in_one_flow)):
            written(job.folder / "specs" / f"{number:03}.yaml", flow)
        report = job.folder / "reports" / "latest" / "report.json"
        # Whatever the caller's environment says does not concern the bench.
        environment = {name: "" for name in os.environ if name.startswith("TWINSHOT_") and name != "TWINSHOT_CHROMEDRIVER"}
        environment["TWINSHOT_CHROME"] = os.fspath(job.browser)
        command = [binary, "test", "--quiet", "--config", job.folder / "twinshot.yaml"]
        return Trial([command], lambda: outcome_of_report(report), environment)

    return prepare


def flows_of(job, in_one_flow):
    gotos = [{"goto": f"/{page}", "shot": title} for page, title in zip(job.pages, job.titles())]
    if not job.pages:
        return [{"flow": "login", "steps": LOGIN}]
    if in_one_flow:
        return [{"flow": "all pages", "steps": gotos}]
    return [{"flow": step["shot"], "steps": [step]} for step in gotos]


LOGIN = [
    {"goto": "/login", "shot": "login"},
    {"type": {"into": "#email", "text": "jane@example.com"}, "shot": False},
    {"type": {"into": "#password", "text": "demo"}, "shot": "filled"},
    {"click": "button[type=submit]", "shot": False},
    {"wait": ".dashboard", "shot": "dashboard"},
    {"click": "a[href='/settings']", "shot": False},
    {"wait": "main a[href='/settings/move-source']", "shot": "settings"},
]


def outcome_of_report(path):
    shots = json.loads(path.read_text())["shots"]
    of_verdict = lambda verdict: {shot["shot"] for shot in shots if shot["verdict"] == verdict}
    compared = sum(bool(shot["comparison"]) or shot["verdict"] == "failed" for shot in shots)
    return Outcome(compared, of_verdict("mismatch"), of_verdict("failed"))


def floor(kind):
    def prepare(job):
        pages = written(job.folder / "pages.json", job.pages)
        command = [SCRIPTS / "bench-e2e.floor.py", kind, job.browser, job.folder / "pictures", pages, *job.addresses]
        captured = lambda: Outcome(len(list((job.folder / "pictures" / "candidate").glob("*.png"))))
        return Trial([command], captured)

    return prepare


def backstop(modules, engine):
    def prepare(job):
        launch = {"executablePath": os.fspath(job.browser), "headless": headless_of(engine, job.browser)}
        width, height = VIEWPORT
        config = {
            "id": "bench",
            "viewports": [{"label": "desktop", "width": width, "height": height}],
            "scenarios": scenarios(job),
            "paths": {
                "bitmaps_reference": "reference",
                "bitmaps_test": "test",
                "engine_scripts": "scripts",
                "html_report": "report",
                "ci_report": "ci",
            },
            "report": [],
            "engine": engine,
            "engineOptions": {"args": ["--no-sandbox"] if os.getuid() == 0 else [], "browser": "chromium", **launch},
            "asyncCaptureLimit": WORKERS,
        }
        written(job.folder / "backstop.json", config)
        written(job.folder / "scripts" / "login.cjs", BACKSTOP_LOGIN)
        cli = modules / "backstopjs" / "cli" / "index.js"
        commands = [["node", cli, verb, "--config=backstop.json"] for verb in ["reference", "test"]]
        return Trial(commands, lambda: outcome_of_backstop(job.folder))

    return prepare


def headless_of(engine, browser):
    """Puppeteer knows the small browser by a mode of its own."""
    return "shell" if engine == "puppeteer" and "shell" in browser.name else True


def scenarios(job):
    baseline, candidate = job.addresses
    if job.pages:
        return [
            {"label": title, "url": candidate + page, "referenceUrl": baseline + page, "selectors": ["document"]}
            for page, title in zip(job.pages, job.titles())
        ]
    # One picture for each scenario: the n-th repeats the steps before it.
    login = {"url": candidate + "login", "referenceUrl": baseline + "login", "selectors": ["document"]}
    return [{"label": step, "onReadyScript": "login.cjs", **login} for step in LOGIN_STEPS]


BACKSTOP_LOGIN = f"""
const steps = {json.dumps(LOGIN_STEPS)};
module.exports = async (page, scenario) => {{
  const last = steps.indexOf(scenario.label);
  if (last >= 1) {{
    await page.type("#email", "jane@example.com");
    await page.type("#password", "demo");
  }}
  if (last >= 2) {{
    await page.click("button[type=submit]");
    await page.waitForSelector(".dashboard");
  }}
  if (last >= 3) {{
    await page.click("a[href='/settings']");
    await page.waitForSelector("main a[href='/settings/move-source']");
  }}
}};
"""


def outcome_of_backstop(folder):
    report = json.loads(next((folder / "test").glob("*/report.json")).read_text())
    pairs = [test["pair"] for test in report["tests"]]
    # A page that could not be photographed is compared as a picture of an error.
    errors = {pair["label"] for pair in pairs if pair.get("engineErrorMsg") or pair.get("error")}
    failed = {test["pair"]["label"] for test in report["tests"] if test["status"] == "fail"}
    return Outcome(len(pairs), failed - errors, errors)


def playwright_test(modules):
    def prepare(job):
        written(job.folder / "playwright.config.cjs", PLAYWRIGHT_CONFIG)
        written(job.folder / "pages.json", [job.pages, job.titles(), os.fspath(job.browser), *VIEWPORT, WORKERS])
        written(job.folder / "pages.spec.cjs", PLAYWRIGHT_SPEC)
        (job.folder / "node_modules").symlink_to(modules)
        command = ["node", modules / "@playwright" / "test" / "cli.js", "test"]
        baseline, candidate = ({"PAGES_URL": address} for address in job.addresses)
        update, test = {**baseline, "PAGES_REPORT": "update"}, {**candidate, "PAGES_REPORT": "test"}
        words = lambda settings: ["env", *(f"{name}={value}" for name, value in settings.items())]
        commands = [[*words(update), *command, "--update-snapshots"], [*words(test), *command]]
        return Trial(commands, lambda: outcome_of_playwright(job.folder))

    return prepare


PLAYWRIGHT_CONFIG = """
const [, , executablePath, width, height, workers] = require("./pages.json");
const report = process.env.PAGES_REPORT;
module.exports = {
  testDir: ".",
  testMatch: "pages.spec.cjs",
  fullyParallel: true,
  workers,
  reporter: [["json", { outputFile: `${report}.json` }], ["html", { outputFolder: `${report}-html`, open: "never" }]],
  use: { baseURL: process.env.PAGES_URL, viewport: { width, height }, launchOptions: { executablePath } },
};
"""
PLAYWRIGHT_SPEC = """
const { test, expect } = require("@playwright/test");
const [pages, titles] = require("./pages.json");
pages.forEach((page, number) => {
  test(titles[number], async ({ page: tab }) => {
    await tab.goto(page);
    await expect(tab).toHaveScreenshot({ fullPage: true });
  });
});
"""


def outcome_of_playwright(folder):
    """A page that never held still got no baseline, so that its test fails as well and is no difference."""
    unstable, failed = (failed_tests(folder / f"{name}.json") for name in ["update", "test"])
    stats = json.loads((folder / "test.json").read_text())["stats"]
    return Outcome(stats["expected"] + stats["unexpected"], failed - unstable, unstable)


def failed_tests(path):
    suites = json.loads(path.read_text())["suites"]
    return {spec["title"] for suite in suites for spec in suite["specs"] if not spec["ok"]}


def peers(scratch):
    """The peers that can be had, by name."""
    folder = scratch / "peers"
    modules = folder / "node_modules"
    names = {"backstopjs": list(BACKSTOPS), "@playwright/test": [PLAYWRIGHT]}
    missing = [peer for peer in PEERS if not (modules / peer.rsplit("@", 1)[0]).exists()]
    for peer in missing if shutil.which("npm") else []:
        npm_install(folder, peer)
    for package, tools in names.items():
        if not (modules / package).exists():
            print(f"left out: {' and '.join(tools)}, npm does not give {package}", file=sys.stderr)
    tools = {}
    if (modules / "backstopjs").exists():
        tools |= {name: backstop(modules, engine) for name, engine in BACKSTOPS.items()}
    if (modules / "@playwright/test").exists():
        tools[PLAYWRIGHT] = playwright_test(modules)
    return tools


def wrapped_browser(scratch):
    """The browser that all tools start, with flags that all share."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None) or sys.exit("no browser: " + ", ".join(BROWSERS))
    wrapper = scratch / "browser" / pathlib.Path(found).name
    flags = [*FLAGS, *(["--no-sandbox"] if os.getuid() == 0 else [])]
    written(wrapper, f'#!/bin/sh\nexec {found} {" ".join(flags)} "$@"\n').chmod(0o755)
    version = subprocess.run([wrapper, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    print(f"browser of all tools: {found}, {version}")
    return wrapper


# The clock.


@dataclasses.dataclass
class Figures:
    """Seconds of wall and CPU time, and megabytes at the peak."""

    wall: float
    cpu: float
    peak: float


def measure(name, trial, folder):
    """The figures of a trial: times are added up over its commands, of the peaks the highest counts."""
    figures = Figures(0, 0, 0)
    for number, command in enumerate(trial.commands):
        log = folder / f"command-{number}.log"
        words = [SCRIPTS / "bench-e2e.measure.py", str(DEADLINE), log, *command]
        environment = {key: value for key, value in {**os.environ, **trial.environment}.items() if value}
        environment.pop("CI", None)
        measuring = subprocess.Popen(words, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True)
        try:
            result = json.loads(measuring.stdout.read() or sys.exit(f"{name} was interrupted"))
        finally:
            # Asked, not killed, when we are interrupted: it has a tree of processes to end.
            measuring.terminate()
            measuring.wait()
        if result["status"] not in (0, 1, 3):
            sys.exit(f"{name} ended with status {result['status']}, see {log}")
        if result["left"]:
            print(f"{name} left behind: {', '.join(result['left'])}", file=sys.stderr)
        figures = Figures(figures.wall + result["wall"], figures.cpu + result["cpu"], max(figures.peak, result["peak"]))
    return figures


def attempt(name, prepare, job):
    """One run of a tool in an empty folder. A tool that compared less than all would be fast."""
    shutil.rmtree(job.folder, ignore_errors=True)
    job.folder.mkdir(parents=True)
    figures = measure(name, trial := prepare(job), job.folder)
    try:
        outcome = trial.outcome()
    except (OSError, StopIteration, ValueError) as error:
        sys.exit(f"{name} left no report ({error}), see {job.folder}")
    if outcome.compared != job.shots:
        sys.exit(f"{name} compared {outcome.compared} of {job.shots}, see {job.folder}")
    return figures, outcome


def rounds(tools, job, count):
    """The medians of tools that take turns, all outcomes, and what the outcomes are worth."""
    runs, outcomes, judgements = ({name: [] for name in tools} for _ in range(3))
    for _ in range(count):
        for name, prepare in tools.items():
            folder = job.folder / re.sub(r"\W+", "-", name)
            figures, outcome = attempt(name, prepare, dataclasses.replace(job, folder=folder))
            runs[name].append(figures)
            outcomes[name].append(outcome)
            judgements[name].append("does not compare" if name in FLOORS else job.judged(outcome))
    middle = lambda figures, part: statistics.median(getattr(figure, part) for figure in figures)
    medians = {name: Figures(*(middle(figures, part) for part in ["wall", "cpu", "peak"])) for name, figures in runs.items()}
    return medians, outcomes, judgements


def table(title, medians, _, judgements):
    ours = medians.get("twinshot")
    print(f"\n{title}\n{'':26} {'wall s':>7} {'cpu s':>7} {'peak MB':>8} {'ours/its':>9}   different (undecided), for each run")
    for name, its in medians.items():
        ratio = f"{ours.wall / its.wall:9.2f}" if ours else f"{'':9}"
        figures = f"{its.wall:7.2f} {its.cpu:7.2f} {its.peak:8.0f} {ratio}"
        print(f"{name:26} {figures}   {', '.join(judgements[name])}", flush=True)


# The goals.


def summary(results):
    print(f"\n{'the goals':70} {'measured':>8} {'goal':>5}")
    medians_of = lambda task: results[task][0] if task in results else {}
    pages, memory, login = map(medians_of, ["pages", "memory", "login"])
    itself = results["itself"][1] if "itself" in results else {}
    rivals = {name: its for name, its in pages.items() if name in [*BACKSTOPS, PLAYWRIGHT]}
    fastest = min(rivals, key=lambda name: rivals[name].wall, default=None)
    goal(f"wall, of the fastest peer's{named(fastest)}", ratio(pages, fastest), 0.50)
    goal(f"wall, of {PLAYWRIGHT}'s", ratio(pages, PLAYWRIGHT), 0.22)
    goal("wall, of the webdriver floor's", ratio(pages, "webdriver floor"), 1.25)
    goal("the same in one flow, as the floor does it", ratio(pages, "webdriver floor", ours="twinshot, one flow"), 1.25)
    goal(f"cpu, of the fastest peer's{named(fastest)}", ratio(pages, fastest, "cpu"), 0.50)
    few = memory.get(f"{results.get('few')} pages")
    for kind in ("the same", "different"):
        many = memory.get(f"{MANY_PAGES} pages, {kind}")
        goal(f"peak memory for {MANY_PAGES} pages, {kind}, of that for {results.get('few')}", many and many.peak / few.peak, 1.1)
    ours = itself.get("twinshot")
    goal("the site against itself: mismatches in all runs", ours and sum(len(one.different) for one in ours), 0)
    goal("the site against itself: undecided in all runs", ours and sum(len(one.undecided) for one in ours), 0)
    rivals = {name: its for name, its in login.items() if name in BACKSTOPS}
    fastest = min(rivals, key=lambda name: rivals[name].wall, default=None)
    goal(f"login, wall, of the faster BackstopJS's{named(fastest)}", ratio(login, fastest), 0.35)


def named(tool):
    return f" ({tool})" if tool else ""


def ratio(medians, its, part="wall", ours="twinshot"):
    return getattr(medians[ours], part) / getattr(medians[its], part) if {ours, its} <= set(medians) else None


def goal(title, figure, limit):
    if figure is None:
        print(f"{title:70} {'':>8} {limit:>5} not measured")
    else:
        print(f"{title:70} {figure:8.2f} {limit:>5} {'met' if figure <= limit else 'MISSED'}")


# The tasks.


def chosen(tools, without):
    return {name: tool for name, tool in tools.items() if name not in without}


def run_tasks(arguments, scratch, browser):
    binary, count = arguments.binary.resolve(), arguments.rounds
    wanted = arguments.only or TASKS
    ours = {"twinshot": twinshot(binary)}
    floors = {"cdp floor": floor("cdp"), "webdriver floor": floor("webdriver")}
    rivals = peers(scratch)
    all_tools = {**ours, "twinshot, one flow": twinshot(binary, in_one_flow=True), **floors, **rivals}
    job = lambda task, addresses, pages=(): Job(scratch / "runs" / task, browser, addresses, list(pages))
    results = {"few": arguments.pages}

    def finish(task, title, measured):
        results[task] = measured
        table(title, *measured)

    if set(wanted) - {"login"}:
        sites = [arguments.baseline, arguments.candidate] if arguments.baseline else installed_releases(scratch)
        sites = [localised(scratch, site, name) for site, name in zip(sites, ["baseline", "candidate"])]
        listed = common_pages(sites) or sys.exit("the two folders have no page in common")
        pages = first_pages(listed, arguments.pages)
        planted = None if arguments.baseline else plant(sites[1], listed)
        print(f"{len(pages)} pages of {len(listed)} that both sites have: {' '.join(pages)}")
        if set(pages) & set(planted or []):
            print(f"with a label in the newer release: {' '.join(page for page in pages if page in planted)}")
    if "pages" in wanted:
        with served(*sites) as addresses:
            tools = chosen(all_tools, arguments.without)
            asked = dataclasses.replace(job("pages", addresses, pages), planted=planted)
            finish("pages", f"{len(pages)} pages on two environments", rounds(tools, asked, count))
    if "memory" in wanted:
        with served(*sites) as addresses:
            finish("memory", "memory", memory(binary, job("memory", addresses), listed, arguments.pages, count))
    if "itself" in wanted:
        with served(sites[0], sites[0]) as addresses:
            tools = chosen({**ours, **rivals}, arguments.without)
            finish("itself", "the baseline against itself", rounds(tools, job("itself", addresses, pages), count))
    if "login" in wanted:
        with demo_served(binary) as addresses:
            tools = chosen({**ours, **{name: rivals[name] for name in BACKSTOPS if name in rivals}}, arguments.without)
            finish("login", "a login of four steps on the demo", rounds(tools, job("login", addresses), count))
    return results


def memory(binary, job, listed, few, count):
    """Our medians for few pages and for many."""
    kinds = {
        f"{few} pages": first_pages(listed, few),
        f"{MANY_PAGES} pages, the same": first_pages(first_pages(listed, few), MANY_PAGES),
        f"{MANY_PAGES} pages, different": first_pages(listed, MANY_PAGES),
    }
    parts = []
    for kind, pages in kinds.items():
        parts.append(rounds({kind: twinshot(binary)}, dataclasses.replace(job, pages=pages), count))
    return [few | same | different for few, same, different in zip(*parts)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", type=pathlib.Path, help="the twinshot binary, built with --release")
    parser.add_argument("--baseline", type=pathlib.Path, help="a folder of pages, in place of admin-lte")
    parser.add_argument("--candidate", type=pathlib.Path, help="the same pages in another release; the baseline's when absent")
    parser.add_argument("--scratch", type=pathlib.Path, default=pathlib.Path("/tmp/twinshot-bench-e2e"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pages", type=int, default=20)
    parser.add_argument("--only", action="append", choices=TASKS, help="a task; may be given again")
    parser.add_argument("--without", action="append", default=[], help="a tool to leave out, by its name in the tables")
    arguments = parser.parse_args()
    arguments.candidate = arguments.candidate or arguments.baseline
    # So that servers end with us.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    scratch = arguments.scratch.resolve()
    scratch.mkdir(parents=True, exist_ok=True)
    browser = wrapped_browser(scratch)
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} before the first round")
    summary(run_tasks(arguments, scratch, browser))
    print(f"load {os.getloadavg()[0]:.1f} after the last round")


if __name__ == "__main__":
    main()
