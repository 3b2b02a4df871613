"""What printing needs of the machine, said at start and not on the first print (libs 3.9)."""

import shutil
import subprocess
from ctypes.util import find_library
from typing import Any, Final

from django.core.checks import CheckMessage
from django.core.checks import Warning as CheckWarning

HINT: Final = "apt install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-wqy-zenhei"


def check_printing(**_asked: Any) -> list[CheckMessage]:
    """Warn when Pango or every Chinese font is missing: paper would fail or show boxes."""
    found: list[CheckMessage] = []
    if find_library("pango-1.0") is None:
        found.append(
            CheckWarning("Pango is missing: forms cannot be printed.", hint=HINT, id="archive.W002")
        )
    if not has_chinese_font():
        found.append(
            CheckWarning(
                "No Chinese font is installed: printed forms would show empty boxes.",
                hint=HINT,
                id="archive.W001",
            )
        )
    return found


def has_chinese_font() -> bool:
    """Whether fontconfig knows a font for Chinese."""
    lister = shutil.which("fc-list")
    if lister is None:
        return False
    try:
        listed = subprocess.run(  # noqa: S603 (a fixed command)
            [lister, ":lang=zh", "family"], capture_output=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return bool(listed.stdout.strip())
