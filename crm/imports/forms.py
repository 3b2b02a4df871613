"""Shape of what the wizard is handed."""

from collections.abc import Collection, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.core.sheets.delimited import ENCODINGS
from crm.imports.kinds import Kind

CELL = "cell-"
NONE = "-1"
BARRED = _("您无权填写此项，不能导入这一列")


class UploadForm(forms.Form):
    """Step one: the file."""

    file = forms.FileField(
        label=_("文件"),
        help_text=_(".xlsx 或 .csv，最大 20 MB；不要加密码，不要含宏"),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"}),
    )


class MapForm(forms.Form):
    """Steps two and three: sheet, encoding, which column is which, and who is new."""

    sheet = forms.ChoiceField(label=_("工作表"))
    encoding = forms.ChoiceField(
        label=_("文字编码"),
        required=False,
        choices=[("", _("自动识别")), *((name, name) for name in ENCODINGS)],
    )

    def __init__(
        self,
        *args: Any,
        kind: Kind,
        sheets: Sequence[str],
        header: Sequence[str],
        people: Sequence[str],
        barred: Collection[str],
        is_text: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        self.barred = barred
        self.fields["sheet"].choices = [(name, name) for name in sheets]  # type: ignore[attr-defined]
        if not is_text:
            del self.fields["encoding"]
        places = [(NONE, _("（不导入）"))]
        places += [(str(at), title) for at, title in enumerate(header) if title]
        for column in kind.columns:
            self.fields[f"column_{column.field}"] = forms.ChoiceField(
                label=column.label,
                choices=places,
                required=column.required,
                help_text=BARRED if column.field in barred else "",
            )
        if people:
            self.fields["people"] = forms.MultipleChoiceField(
                label=_("新增人员（无登录）"),
                required=False,
                choices=[(name, name) for name in people],
                widget=forms.CheckboxSelectMultiple,
                help_text=_("文件的人员表里有、系统里没有的人。勾选后随导入建立，不能登录。"),
            )

    def clean(self) -> dict[str, Any]:
        """A column is needed once; what must be there must be named."""
        data = super().clean() or {}
        used: dict[str, str] = {}
        for column in self.kind.columns:
            name = f"column_{column.field}"
            place = data.get(name, NONE)
            if column.field in self.barred and (place != NONE or column.required):
                self.add_error(name, BARRED)
            elif place == NONE and column.required:
                self.add_error(name, _("请选择对应的列"))
            elif place != NONE and place in used:
                self.add_error(name, _("该列已对应“%(label)s”") % {"label": used[place]})
            elif place != NONE:
                used[place] = column.label
        return data

    def mapping(self) -> dict[str, int]:
        """Field → place of its column."""
        chosen = {
            column.field: int(self.cleaned_data[f"column_{column.field}"])
            for column in self.kind.columns
        }
        return {name: at for name, at in chosen.items() if at >= 0}


class StepForm(forms.Form):
    """One step of an import, from the version that was looked at."""

    version = forms.IntegerField(widget=forms.HiddenInput)


class ReturnForm(StepForm):
    """Back to the uploader, with a word."""

    note = forms.CharField(label=_("退回说明"), max_length=300, required=False)


class MendForm(StepForm):
    """Wrong cells typed anew: `cell-<row>-<field>`; empty boxes of stars mean unchanged."""

    def cells(self) -> dict[tuple[int, str], str]:
        found: dict[tuple[int, str], str] = {}
        for name, value in self.data.items():
            row, _dash, field = name.removeprefix(CELL).partition("-")
            if name.startswith(CELL) and row.isascii() and row.isdigit() and field:
                found[int(row), field] = str(value)[:5000]
        return found
