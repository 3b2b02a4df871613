"""What the column chooser of a list sends (UX-06)."""

import re
from typing import Any, Final

from django import forms
from django.http import QueryDict

from crm.identity.choices import Density, Width

MOST_COLUMNS: Final = 60
_KEY: Final = re.compile(r"[a-z_]{1,40}")


class ListLookForm(forms.Form):
    """Boxes arrive in the order in which they stand: that order is the answer.

    Which columns there are the list knows; it passes over keys that it has not.
    """

    query = forms.CharField(max_length=2000, required=False)
    density = forms.ChoiceField(choices=Density.choices, required=False)

    def columns(self) -> list[str]:
        """Keys of the shown columns, each once, in order."""
        sent = self._sent.getlist("columns")
        return [key for key in dict.fromkeys(sent) if _KEY.fullmatch(key)][:MOST_COLUMNS]

    def widths(self) -> dict[str, str]:
        """Key → width, of the columns that are not as wide as their content."""
        asked = {key: self._sent.get(f"width-{key}", "") for key in self.columns()}
        return {key: width for key, width in asked.items() if width and width in Width.values}

    def spacing(self) -> str:
        return str(self.cleaned_data["density"] or Density.NORMAL)

    def back(self) -> str:
        """The list's own question, without its page and view."""
        query = QueryDict(self.cleaned_data["query"], mutable=True)
        for name in ("page", "after", "view"):
            query.pop(name, None)
        return query.urlencode()

    @property
    def _sent(self) -> Any:
        return self.data
