"""The one body format of the API. Apart from `crm.core.api`: DRF imports it while it loads."""

import json
from typing import Any, NoReturn

from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.parsers import BaseParser

MAX_DEPTH = 20
MAX_BODY = 2 * 1024 * 1024


class StrictJSONParser(BaseParser):
    """JSON only; a key twice, NaN, NUL or deep nesting is refused with a position (B157–B161)."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        raw = stream.read(MAX_BODY + 1)
        if len(raw) > MAX_BODY:
            raise exceptions.ParseError(_("请求体超过 2 MiB"))
        try:
            body = json.loads(
                raw.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant
            )
        except UnicodeDecodeError as problem:
            raise exceptions.ParseError(_("请求体不是 UTF-8 编码的 JSON")) from problem
        except json.JSONDecodeError as problem:
            words = {"line": problem.lineno, "column": problem.colno}
            raise exceptions.ParseError(
                _("JSON 格式错误：第 %(line)d 行第 %(column)d 列") % words
            ) from problem
        except RecursionError as problem:
            raise exceptions.ParseError(_("JSON 嵌套过深")) from problem
        _check_depth(body)
        return body


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    body = dict(pairs)
    if len(body) != len(pairs):
        raise exceptions.ParseError(_("JSON 中有重复的键"))
    return body


def _no_constant(name: str) -> NoReturn:
    raise exceptions.ParseError(_("JSON 中不允许 %(name)s") % {"name": name})


def _check_depth(body: Any, depth: int = 0) -> None:
    if depth > MAX_DEPTH:
        raise exceptions.ParseError(_("JSON 嵌套过深"))
    if isinstance(body, str) and "\x00" in body:
        raise exceptions.ParseError(_("文本中含有 NUL 字符"))
    children = body.values() if isinstance(body, dict) else body if isinstance(body, list) else ()
    for child in children:
        _check_depth(child, depth + 1)
