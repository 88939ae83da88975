#!/usr/bin/env python3
"""Plants small changes of a style and prints which of them Twinshot and other visual testers find, each at its defaults.

The page and the changes are those of tests/fixtures/browser, which tests/browser/strict.rs holds. Each change is a page of
its own: the baseline's is the card as it is, the candidate's has one more style. All tools use the same browser, pages and
flags, as in scripts/bench-e2e.py, which has the tools. A second table has the same pages twice, where nothing may be found.
"""

import argparse
import importlib.util
import pathlib
import re
import shutil
import signal
import sys

SCRIPTS = pathlib.Path(__file__).resolve().parent
PAGES = SCRIPTS.parent / "tests" / "fixtures" / "browser"
SCRIPT = '<script src="plant.js"></script>'


def bench():
    """The tools of the other bench, whose name no import statement can have."""
    spec = importlib.util.spec_from_file_location("bench_e2e", SCRIPTS / "bench-e2e.py")
    module = importlib.util.module_from_spec(spec)
    # Its dataclasses look for their module.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def changes():
    """Each change's name and its style."""
    script = (PAGES / "candidate" / "planted" / "plant.js").read_text()
    return dict(re.findall(r'^  "(\w+)": "(.+)",$', script, re.MULTILINE)) or sys.exit("plant.js has no changes")


def write_sites(folder, planted):
    """Two folders with a page for each change."""
    card = (PAGES / "pages" / "planted" / "card.html").read_text()
    if SCRIPT not in card:
        sys.exit("card.html does not read plant.js")
    sites = [folder / "baseline", folder / "candidate"]
    for site in sites:
        shutil.rmtree(site, ignore_errors=True)
        site.mkdir(parents=True)
    for name, style in planted.items():
        (sites[0] / f"{name}.html").write_text(card.replace(SCRIPT, ""))
        (sites[1] / f"{name}.html").write_text(card.replace(SCRIPT, f"<style>{style}</style>"))
    return sites


def find(shared, tools, job):
    """For each tool the titles of the pages that it calls different."""
    found = {}
    for name, prepare in tools.items():
        folder = job.folder / re.sub(r"\W+", "-", name)
        _, outcome = shared.attempt(name, prepare, shared.dataclasses.replace(job, folder=folder))
        found[name] = outcome.different
    return found


def print_table(title, planted, job, found):
    print(f"\n{title}\n\n| change | {' | '.join(found)} |\n|---|{'---|' * len(found)}")
    for (name, style), page in zip(planted.items(), job.titles()):
        marks = ["found" if page in pages else "–" for pages in found.values()]
        print(f"| {name}: `{style}` | {' | '.join(marks)} |")
    print(f"| all | {' | '.join(f'{len(pages)} of {len(planted)}' for pages in found.values())} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", type=pathlib.Path, help="the twinshot binary")
    parser.add_argument("--scratch", type=pathlib.Path, default=pathlib.Path("/tmp/twinshot-bench-planted"))
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    shared = bench()
    scratch = arguments.scratch.resolve()
    scratch.mkdir(parents=True, exist_ok=True)
    planted = changes()
    sites = write_sites(scratch / "sites", planted)
    browser = shared.wrapped_browser(scratch)
    tools = {"twinshot": shared.twinshot(arguments.binary.resolve()), **shared.peers(scratch)}
    for title, pair in [("Changes that are found", sites), ("The same pages twice", [sites[0]] * 2)]:
        with shared.served(*pair) as addresses:
            pages = [f"{name}.html" for name in planted]
            job = shared.Job(scratch / "runs", browser, addresses, pages)
            print_table(title, planted, job, find(shared, tools, job))


if __name__ == "__main__":
    main()
