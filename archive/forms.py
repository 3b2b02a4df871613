"""Shape of what is handed in."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from archive.choices import RetentionClass
from archive.formats import EXTENSIONS, MAX_BYTES
from crm.core.fields import CheckedField, line
from crm.core.text import CheckFailed, clean_line
from crm.identity.choices import Secrecy

ACCEPT = ",".join(f".{extension}" for extension in EXTENSIONS)


class UploadField(forms.FileField):
    """A file of the allowed kinds; what it really is, the service finds out."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            label=_("文件"),
            help_text=_("PDF、JPG、PNG、XLSX、DOCX、OFD、CSV，最大 %(size)d MB")
            % {"size": MAX_BYTES // 1024 // 1024},
            widget=forms.FileInput(attrs={"accept": ACCEPT}),
            **kwargs,
        )


class UploadForm(forms.Form):
    """A new file for a customer."""

    upload = UploadField()
    item_class = forms.ChoiceField(label=_("类别"))
    retention = forms.ChoiceField(
        label=_("保管期限"),
        choices=[("", _("按类别")), *RetentionClass.choices],
        required=False,
    )
    secrecy = forms.TypedChoiceField(label=_("保密等级"), coerce=int, initial=Secrecy.NORMAL)

    def __init__(
        self, *args: Any, classes: Sequence[tuple[str, str]], clearance: int, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["item_class"].choices = list(classes)  # type: ignore[attr-defined]
        self.fields["secrecy"].choices = [  # type: ignore[attr-defined]
            (value, label) for value, label in Secrecy.choices if value <= clearance
        ]


class ReplaceForm(forms.Form):
    """A new version of a file."""

    upload = UploadField()


class VoidForm(forms.Form):
    """Why a file is taken out of sight."""

    reason = forms.CharField(label=_("作废原因"), max_length=300)

    def clean_reason(self) -> str:
        try:
            return clean_line(self.cleaned_data["reason"], 300)
        except CheckFailed as problem:
            raise forms.ValidationError(problem.message, code=problem.code) from problem


class FileChoiceField(forms.ModelChoiceField):
    """A file by name, kind and day."""

    def label_from_instance(self, obj: Any) -> str:
        day = date_format(localtime(obj.uploaded_at), "Y-m-d")
        return f"{obj.name}（{obj.get_item_class_display()}，{day}）"


class ScanForm(forms.Form):
    """Which file shows the certificate; only files of its customer are offered."""

    file = FileChoiceField(
        queryset=None,
        label=_("电子文件"),
        empty_label=_("请选择"),
        help_text=_("只列出该客户电子档案中的文件；还没有的请先上传"),
    )

    def __init__(self, *args: Any, files: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].queryset = files  # type: ignore[attr-defined]


class ScanEndForm(forms.Form):
    """Why a file shows the certificate no more."""

    reason = CheckedField(label=_("原因"), max_length=300, check=line(300))
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
