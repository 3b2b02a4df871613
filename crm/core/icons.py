"""Icons as inline SVG, and addresses of static files that never fail.

The files come from static/vendor/icons/ (scripts/vendor.py); none is in git.
"""

import re
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static

# What stands in for a missing file where pages must not break: an empty square.
_EMPTY = '<rect x="2.5" y="2.5" width="11" height="11" fill="none" stroke="currentColor"/>'
_NAME = re.compile(r"[a-z0-9-]+")
_BODY = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)


@lru_cache(maxsize=256)
def icon_body(name: str) -> str:
    """What stands inside the <svg> of an icon; a wrong name is an error in development."""
    found = finders.find(f"vendor/icons/{name}.svg") if _NAME.fullmatch(name) else None
    match = (
        _BODY.search(Path(found).read_text(encoding="utf-8")) if isinstance(found, str) else None
    )
    if match:
        return " ".join(match[1].split())
    if getattr(settings, "KEDANG_STRICT_ICONS", settings.DEBUG):
        raise ImproperlyConfigured(
            f"icon {name!r} is not in static/vendor/icons: name it in scripts/vendor.py and run it"
        )
    return _EMPTY


def safe_static_url(path: str) -> str:
    """The address of a static file, also while the manifest is missing (error pages)."""
    try:
        return static(path)
    except ValueError:
        return f"{settings.STATIC_URL}{path}"
