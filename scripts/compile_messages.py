"""Compile locale/*/LC_MESSAGES/django.po to .mo where it is newer (D5: no .mo in git)."""

import sys
from pathlib import Path

import polib

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    """Compile what changed."""
    for source in sorted((ROOT / "locale").glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        new = target.with_suffix(".mo.new")
        polib.pofile(str(source)).save_as_mofile(str(new))
        new.replace(target)
        sys.stdout.write(f"compiled {source.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
