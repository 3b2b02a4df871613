from django import forms
from django.utils.translation import gettext_lazy as _


class PhraseForm(forms.Form):
    """A saved opinion."""

    text = forms.CharField(label=_("常用意见"), max_length=200)
