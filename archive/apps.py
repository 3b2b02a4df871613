from django.apps import AppConfig
from django.core.checks import register
from django.utils.translation import gettext_lazy as _

from archive.checks import check_printing


class ArchiveConfig(AppConfig):
    name = "archive"
    label = "archive"
    verbose_name = _("电子档案")

    def ready(self) -> None:
        register(check_printing)
