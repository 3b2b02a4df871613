"""The help page: what each duty does first, and the keys of the pages (UX-62)."""

from typing import ClassVar

from crm.core.policy import Door, Rule, Rules, reads
from crm.core.views import GatedPage


class HelpView(GatedPage):
    rules: ClassVar[Rules] = reads(Rule(Door.SIGNED_IN))
    template_name = "help.html"
