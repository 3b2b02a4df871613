"""The components of every page: `{% load ui %}`. They take plain values, never a request.

Lists hold dicts or dataclasses, the keys named here. [x] is optional; TONE is one of
plain good warn bad info quiet; texts are translated by the caller.

Atoms
  {% icon "bell" [label=""] [size=16] %}          hidden from screen readers without a label
  {% pill label [tone=TONE] [icon=""] %}
  {% status_pill value label %}                   tone from the table in crm/core/components.py
  {% badge count [label=""] [most=99] %}          nothing for 0
  {% money amount [unit="元"] %}
  {% when moment ["full"|"relative"|"date"|"time"] %}     absolute time on hover
  {% person name [detail=""] [url=""] %}
  {% masked value [reveal_url=""] [label=""] %}   arrives masked, links to the reveal page
  {% revealed value [seconds=60] [label=""] %}    clear value; reveal.js hides it in time
  {% copy_button value [label=""] %}
  {% ring percent [label=""] %}  {% meter value most [label=""] [tone=""] %}
  {% submit label [name=""] [value=""] [tone="primary"] [icon=""] %}
  {% confirm_button target label [tone=""] [icon=""] %}   opens the dialog `target`
  {% confirm target title text action button [tone="bad"] [word=""] %}
      <dialog> with a POST form; `word` must be typed first (UX-72)
Blocks
  {% section title [hint=] [anchor=] [count=] [url=] [url_label=] %}…{% endsection %}
  {% datatable caption [cards=True] [stick=False] [density="normal"] [show_caption=False] %}<thead>…
      {% enddatatable %}
      td need data-label="列名" (cards on a phone); class num is right aligned
  {% callout [title=""] [tone="info"] %}…{% endcallout %}
  {% bulk_bar form_id [total=""] %}buttons{% endbulk_bar %}
      form_id is the form's id; row boxes: <input type=checkbox name=ids form=… data-bulk-row>
Lists and pages
  {% sort_th label url [direction="ascending"|"descending"] [num=False] [width="narrow"] %}
  {% filter_chips chips clear_url %}              chip: label value url (the list without it)
  {% column_chooser chooser %}                    url query columns widths density densities
      column: key label on [locked] [width]; POSTs columns=key… in order, width-key, density
  {% cells row_cells url [query] %}               cell: look label value tone, see core/atoms.py
  {% pick value title form %}                     the cell that ticks a row for the form of that id
  {% pager shown [total=""] [previous_url=""] [next_url=""] %}
  {% empty_note text [kind="none"|"match"|"right"] [url=""] [url_label=""] %}
  {% tabs items [label=""] %}                     item: label url active [count] [late]
  {% crumbs items %}                              item: label [url]; the last is this page
  {% steps items %}                               item: label state(done|now|todo) [url]
  {% stat_tiles tiles %}                          tile: label value [unit hint url tone icon]
A record
  {% field_value label value [look="mono copy num wide"] [data_class="S"]
     [authority="licence"|"local"|"order"] [mark] [reveal_url=""] %}
      inside <dl class="facts">; mark: at by [form]
  {% timeline events %}                           event: at title [who text icon tone url]
  {% diff_rows rows [show_all=False] %}           row: label before after [changed]
  {% conflict_table rows %}                       row: field label before mine theirs
      radios keep_<field> = mine | theirs
  {% approval_path stages %}                      stage: title state(done|now|next|void) steps
      step: duty state(waiting|approved|returned|refused|future) [who at since due late
      for_whom opinion]
  {% lights systems %}                            system: name state(green|amber|red|grey) text [at]
  {% phrases items target %}                      saved opinions for the field with id `target`
Forms (one field: templates/django/forms/field.html)
  {{ form }}                                      error summary, then all fields in a grid
  {% form_sections form %}                        form.sections = ((title, (name, …)), …)
  {% error_summary form %}                        only where a page writes its own fields
Attributes that scripts look for stand in static/js/README.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from django import forms, template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from crm.core.atoms import (
    cells_html,
    copy_html,
    fact_html,
    icon_html,
    masked_html,
    person_html,
    pick_html,
    pill_html,
    status_html,
    when_html,
)
from crm.core.components import (
    FULL_ENOUGH,
    HALF,
    SIGNS,
    general_errors,
    money_text,
    wrong_fields,
)
from crm.core.icons import safe_static_url

register = template.Library()


@register.simple_tag
def icon(name: str, label: object = "", size: int = 16) -> SafeString:
    """An icon; without a label it is hidden from screen readers (UX-77)."""
    return icon_html(name, str(label), size)


@register.simple_tag
def safe_static(path: str) -> str:
    """`static` for pages that must not fail (UX-71)."""
    return safe_static_url(path)


@register.simple_tag
def pill(label: object, tone: str = "plain", icon: str = "") -> SafeString:
    """A status in words, with a colour beside it."""
    return pill_html(label, tone, icon)


@register.simple_tag
def status_pill(value: str, label: object) -> SafeString:
    """A status whose tone the table knows."""
    return status_html(value, label)


@register.inclusion_tag("_components/badge.html")
def badge(count: int | str | None, label: str = "", most: int = 99) -> dict[str, Any]:
    """A small count; zero shows nothing, a capped count ("1000+") is shown as it is."""
    shown = f"{most}+" if isinstance(count, int) and count > most else count
    return {"shown": shown, "label": label}


@register.inclusion_tag("_components/money.html")
def money(amount: Decimal | int | str | None, unit: str = "") -> dict[str, Any]:
    """An amount of money: thousands separators, two decimals, unit (UX-31)."""
    return {"text": money_text(amount), "unit": unit}


@register.simple_tag
def when(moment: date | None, style: str = "full") -> SafeString:
    """A moment; the absolute time is always one hover away (UX-68)."""
    return when_html(moment, style)


@register.simple_tag
def person(name: object, detail: object = "", url: str = "") -> SafeString:
    """A person with department or duty."""
    return person_html(name, detail, url)


@register.simple_tag
def masked(value: object, reveal_url: str = "", label: object = "") -> SafeString:
    """A value that arrives masked; the clear one is another page with a reason (UX-20)."""
    return masked_html(value, reveal_url, label)


@register.inclusion_tag("_components/revealed.html")
def revealed(value: object, seconds: int = 60, label: object = "") -> dict[str, Any]:
    """A clear value that the page hides again after some seconds (UX-20)."""
    return {"value": value, "seconds": seconds, "label": label}


@register.simple_tag
def copy_button(value: object, label: object = "") -> SafeString:
    """Copies a code, a number, a telephone (UX-19)."""
    return copy_html(value, label)


@register.inclusion_tag("_components/ring.html")
def ring(percent: float, label: object = "") -> dict[str, Any]:
    """Completeness as a ring; drawn by attributes, the strict policy allows no inline style."""
    exact = max(0, min(100, round(percent)))
    tone = "good" if exact >= FULL_ENOUGH else "warn" if exact >= HALF else "bad"
    return {"percent": exact, "label": label, "tone": tone}


@register.inclusion_tag("_components/meter.html")
def meter(value: float, most: float, label: object = "", tone: str = "") -> dict[str, Any]:
    """How far something has come, as a bar with words."""
    return {"value": value, "most": most, "label": label, "tone": tone}


@register.inclusion_tag("_components/submit.html")
def submit(
    label: object, name: str = "", value: str = "", tone: str = "primary", icon: str = ""
) -> dict[str, Any]:
    """A button that sends its form once (UX-35)."""
    return {"label": label, "name": name, "value": value, "tone": tone, "icon": icon}


@register.inclusion_tag("_components/confirm_button.html")
def confirm_button(target: str, label: object, tone: str = "", icon: str = "") -> dict[str, Any]:
    """Opens a confirm dialog; a link, so that it works without scripts."""
    return {"target": target, "label": label, "tone": tone, "icon": icon}


@register.inclusion_tag("_components/confirm.html")
def confirm(
    target: str,
    title: object,
    text: object,
    action: str,
    button: object,
    tone: str = "bad",
    word: str = "",
) -> dict[str, Any]:
    """Asks once before a dangerous act, naming object and consequence (UX-72)."""
    told = {"target": target, "title": title, "text": text, "action": action}
    return {**told, "button": button, "tone": tone, "word": word}


@register.simple_block_tag
def section(
    content: str,
    title: object,
    *,
    hint: object = "",
    anchor: str = "",
    count: int | str = "",
    url: str = "",
    url_label: object = "",
) -> SafeString:
    """A part of a page: a heading on a hairline."""
    told = {"content": content, "title": title, "hint": hint, "anchor": anchor, "count": count}
    return render_to_string(
        "_components/section.html", {**told, "url": url, "url_label": url_label}
    )


@register.simple_block_tag
def datatable(
    content: str,
    caption: object,
    *,
    cards: bool = True,
    stick: bool = False,
    density: str = "normal",
    show_caption: bool = False,
) -> SafeString:
    """A table that scrolls inside itself and becomes cards on a phone (UX-11)."""
    told = {"content": content, "caption": caption, "cards": cards, "stick": stick}
    return render_to_string(
        "_components/datatable.html", {**told, "density": density, "show_caption": show_caption}
    )


@register.simple_block_tag
def callout(content: str, title: object = "", tone: str = "info") -> SafeString:
    """A remark that must be seen."""
    told = {
        "content": content,
        "title": title,
        "tone": tone,
        "sign": SIGNS.get(tone, SIGNS["info"]),
    }
    return render_to_string("_components/callout.html", told)


@register.simple_block_tag
def bulk_bar(content: str, form_id: str, total: int | str = "") -> SafeString:
    """What may be done with the rows that are ticked (UX-07, UX-08)."""
    told = {"content": content, "form_id": form_id, "total": total}
    return render_to_string("_components/bulk_bar.html", told)


@register.inclusion_tag("_components/sort_th.html")
def sort_th(
    label: object, url: str, direction: str = "", *, num: bool = False, width: str = ""
) -> dict[str, Any]:
    """A heading that sorts, with arrow and aria-sort (UX-09)."""
    return {"label": label, "url": url, "direction": direction, "num": num, "width": width}


@register.inclusion_tag("_components/filter_chips.html")
def filter_chips(chips: Sequence[Any], clear_url: str) -> dict[str, Any]:
    """The filters that are on, each removable (UX-04)."""
    return {"chips": chips, "clear_url": clear_url}


@register.inclusion_tag("_components/column_chooser.html")
def column_chooser(chooser: Mapping[str, Any]) -> Mapping[str, Any]:
    """Which columns the list shows, in which order, how wide, how tight (UX-06)."""
    return chooser


@register.inclusion_tag("_components/pager.html")
def pager(
    shown: int, total: int | str = "", previous_url: str = "", next_url: str = ""
) -> dict[str, Any]:
    """Paging by key: how many of how many, back and on (D8)."""
    return {"shown": shown, "total": total, "previous_url": previous_url, "next_url": next_url}


@register.inclusion_tag("_components/empty_note.html")
def empty_note(
    text: object, kind: str = "none", url: str = "", url_label: object = ""
) -> dict[str, Any]:
    """Why nothing is here, and what to do next (UX-12)."""
    signs = {"none": "inbox", "match": "search", "right": "lock"}
    return {"text": text, "sign": signs[kind], "kind": kind, "url": url, "url_label": url_label}


@register.inclusion_tag("_components/tabs.html")
def tabs(items: Sequence[Any], label: object = "") -> dict[str, Any]:
    """Tabs are links to pages (UX-15)."""
    return {"items": items, "label": label}


@register.inclusion_tag("_components/crumbs.html")
def crumbs(items: Sequence[Any]) -> dict[str, Any]:
    """Where this page stands."""
    return {"items": items}


@register.inclusion_tag("_components/steps.html")
def steps(items: Sequence[Any]) -> dict[str, Any]:
    """The steps of a wizard."""
    return {"items": items}


@register.inclusion_tag("_components/stat_tiles.html")
def stat_tiles(tiles: Sequence[Any]) -> dict[str, Any]:
    """A few figures at the top of a page."""
    return {"tiles": tiles}


@register.simple_tag
def cells(row: Iterable[Any], url: str, query: str = "") -> SafeString:
    """The cells of one row of a list, each by its look; `query` is the list one comes from."""
    return cells_html(row, f"{url}?in={quote(query, safe='')}" if query else url)


@register.simple_tag
def pick(value: object, title: object, form: str) -> SafeString:
    """The cell that ticks one row of a list for the form under it (UX-07)."""
    return pick_html(value, title, form)


@register.simple_tag
def field_value(
    label: object,
    value: object,
    look: str = "",
    data_class: str = "",
    authority: str = "",
    mark: object = None,
    reveal_url: str = "",
) -> SafeString:
    """One fact of a record: value, class, who decides over it, who changed it when (UX-16)."""
    kind = (data_class, authority)
    return fact_html(label, value, look, kind, mark, reveal_url)


@register.inclusion_tag("_components/timeline.html")
def timeline(events: Sequence[Any]) -> dict[str, Any]:
    """What happened, newest first (UX-17)."""
    return {"events": events}


@register.inclusion_tag("_components/diff_rows.html")
def diff_rows(rows: Sequence[Any], *, show_all: bool = False) -> dict[str, Any]:
    """Old and new value of each field, told by sign and colour (UX-40)."""
    return {"rows": rows, "show_all": show_all}


@register.inclusion_tag("_components/conflict_table.html")
def conflict_table(rows: Sequence[Any]) -> dict[str, Any]:
    """Before, mine, theirs, and a choice for each field (UX-36)."""
    return {"rows": rows}


@register.inclusion_tag("_components/approval_path.html")
def approval_path(stages: Sequence[Any]) -> dict[str, Any]:
    """Stages with parallel branches: who, since when, who is late (UX-41)."""
    return {"stages": stages}


@register.inclusion_tag("_components/lights.html")
def lights(systems: Sequence[Any]) -> dict[str, Any]:
    """One lamp for each outside system, in words as well."""
    return {"systems": systems}


@register.inclusion_tag("_components/phrases.html")
def phrases(items: Sequence[object], target: str) -> dict[str, Any]:
    """Saved opinions that one press puts into a field (UX-42)."""
    return {"items": items, "target": target}


@register.inclusion_tag("_components/error_summary.html")
def error_summary(form: forms.BaseForm) -> dict[str, Any]:
    """All errors of a form on top, linked to their fields (UX-21)."""
    return {"general": general_errors(form), "fields": wrong_fields(form)}


@register.inclusion_tag("_components/form_sections.html")
def form_sections(form: Any) -> dict[str, Any]:
    """The fields in the sections of the paper form; what no section names comes last."""
    named = {name for _title, names in form.sections for name in names}
    rest = [field for field in form.visible_fields() if field.name not in named]
    parts = [(title, [form[name] for name in names]) for title, names in form.sections]
    return {"form": form, "parts": parts, "rest": rest}
