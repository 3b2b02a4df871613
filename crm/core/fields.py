"""The same pure cell check behind a form field and a serializer field (D13, SEC-07)."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from rest_framework import serializers

from crm.core.masking import is_masked
from crm.core.parsing import Parsed
from crm.core.text import CheckFailed, clean_line, clean_person_name, clean_text

Check = Callable[[Any], Any]
UNCHANGED = None
"""What a masked value posted back means: leave the stored one alone (trust 2.6)."""


def plain(result: Any) -> Any:
    """The value of a check's answer, whether it came with warnings or without."""
    return result.value if isinstance(result, Parsed) else result


def line(limit: int) -> Check:
    """Check of a one-line text of at most `limit` characters."""
    return lambda value: clean_line(value, limit)


def text(limit: int) -> Check:
    """Check of a text of several lines."""
    return lambda value: clean_text(value, limit)


def person(limit: int = 40) -> Check:
    """Check of a person's name."""
    return lambda value: clean_person_name(value, limit)


class CheckedField(forms.CharField):
    """A text field whose value one of the cell checks reads and normalises.

    With `keeps_masked`, a masked value posted back cleans to None: unchanged.
    """

    def __init__(self, *, check: Check, keeps_masked: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.check = check
        self.keeps_masked = keeps_masked

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        if self.keeps_masked and cleaned and is_masked(cleaned):
            return UNCHANGED
        if not cleaned:
            return cleaned
        try:
            return plain(self.check(cleaned))
        except CheckFailed as problem:
            raise ValidationError(problem.message, code=problem.code) from problem


class CheckedSerializerField(serializers.Field):
    """The API's twin: strings only, since a long number loses digits in JSON (B179)."""

    default_error_messages = {"not_text": "应为字符串"}

    def __init__(self, *, check: Check, keeps_masked: bool = False, **kwargs: Any) -> None:
        self.may_be_blank = kwargs.pop("allow_blank", False)
        super().__init__(**kwargs)
        self.check = check
        self.keeps_masked = keeps_masked

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("not_text")
        if self.keeps_masked and is_masked(data):
            return UNCHANGED
        if not data.strip() and self.may_be_blank:
            return ""
        try:
            return plain(self.check(data))
        except CheckFailed as problem:
            raise serializers.ValidationError(problem.message, code=problem.code) from problem

    def to_representation(self, value: Any) -> Any:
        return value
