"""Rows of the queue as functions: a page writes fifty, a template each is dear."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from crm.core.atoms import icon_html, text_html, when_html

if TYPE_CHECKING:
    from crm.approvals.selectors import DiffRow, QueueRow

register = template.Library()


@register.simple_tag
def queue_rows(rows: "Iterable[QueueRow]") -> SafeString:
    """What waits for this person, a table row each: what changes first (UX-39, UX-40)."""
    words = {
        name: text_html(word)
        for name, word in {
            "case": _("事项"),
            "content": _("内容"),
            "applicant": _("申请人"),
            "step": _("环节"),
            "since": _("到达"),
            "due": _("限办"),
            "late": _("已超时"),
            "sign": _("审批"),
        }.items()
    }
    return SafeString("".join([_row(row, words) for row in rows]))


def _row(row: "QueueRow", words: dict[str, str]) -> str:
    url, subject, number = text_html(row.url), text_html(row.subject), text_html(row.number)
    round_ = f" · {text_html(_('第 %(n)s 轮') % {'n': row.round})}" if row.round > 1 else ""
    changes = "".join([_change(change) for change in row.changes])
    if row.more:
        more = text_html(_("另有 %(n)s 项") % {"n": row.more})
        changes += f'<span class="row-note">{more}</span>\n'
    late = ""
    if row.late:
        sign = icon_html("exclamation-triangle", "", 12)
        late = f'<span class="late">{sign}{words["late"]}</span>'
    kind, step = text_html(row.kind_label), text_html(row.step_name)
    note = f'<span class="mono">{number}</span> · {kind}{round_}'
    spoken = f'<span class="visually-hidden"> {subject} {number}</span>'
    since, due = when_html(row.woken_at, "relative"), when_html(row.due_at, "date")
    return f"""<tr>
  <th scope="row" data-label="{words["case"]}">
    <span>
      <a class="row-name" href="{url}">{subject}</a>
      <span class="row-note">{note}</span>
    </span>
  </th>
  <td data-label="{words["content"]}"><span>{changes}</span></td>
  <td data-label="{words["applicant"]}">{text_html(row.applicant)}</td>
  <td class="nowrap" data-label="{words["step"]}">{step}</td>
  <td class="nowrap" data-label="{words["since"]}">{since}</td>
  <td class="nowrap" data-label="{words["due"]}"><span>{due}{late}</span></td>
  <td><a class="btn btn-plain" href="{url}">{words["sign"]}{spoken}</a></td>
</tr>
"""


def _change(change: "DiffRow") -> str:
    before = ""
    if change.before:
        before = (
            '<del class="diff__old"><span class="diff__sign" aria-hidden="true">−</span>'
            f"{text_html(change.before)}</del>"
        )
    return (
        f'<span class="row-note">{text_html(change.label)}：{before}<ins class="diff__new">'
        '<span class="diff__sign" aria-hidden="true">+</span>'
        f"{text_html(change.after)}</ins></span>\n"
    )
