"""Shapes of what an administrator types about endpoints and deliveries."""

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.identity.choices import SourceSystem


class EndpointForm(forms.Form):
    system = forms.ChoiceField(label=_("系统"), choices=SourceSystem.choices)
    url = forms.CharField(
        label=_("地址"),
        max_length=500,
        help_text=_("https://…；内部网络须先由运维列入 KEDANG_WEBHOOK_NETWORKS"),
    )
    timeout = forms.IntegerField(label=_("超时（秒）"), min_value=1, max_value=5, initial=5)


class ReplayForm(forms.Form):
    moment = forms.DateTimeField(
        label=_("自何时起重发"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
    )


class ReasonForm(forms.Form):
    """Why deliveries are retried or skipped, for the ticked rows."""

    reason = forms.CharField(label=_("原因"), max_length=300)
