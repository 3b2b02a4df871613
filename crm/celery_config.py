"""What worker and beat are told, from Django's settings once database and keys are found.

Celery's own names are in lower case. Under a prefix it takes several of ours for names of version
3 and warns of each when a worker starts.
"""

from typing import Any, Final

from django.conf import settings

from crm.launch import prepare

__all__ = ["CONFIG"]

prepare("app")
_PREFIX: Final = "CELERY_"
CONFIG: Final[dict[str, Any]] = {
    name.removeprefix(_PREFIX).lower(): getattr(settings, name)
    for name in dir(settings)
    if name.startswith(_PREFIX)
}
