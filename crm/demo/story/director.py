"""Plays a story row by row and says what happened."""

import json
import time
from collections.abc import Callable
from typing import Final

from crm.demo.sources import Record, Sources
from crm.demo.story.browser import Api, Unexpected
from crm.demo.story.net_entry import Cast, NetEntry, draw_lines
from crm.demo.story.stage import Stage, built_stage

MOST: Final = 500
Say = Callable[[str], None]


def play_net_entry(*, sources: Sources, rows: int, as_json: bool, say: Say) -> bool:
    """The main job for `rows` retailers; False at the first difference from what is expected."""
    records = sources.retailers(MOST)[:rows]
    with built_stage(sources.folder) as stage:
        _tell(say, f"stage built in {stage.seconds:.1f} s from {sources.name}", as_json=as_json)
        begin = time.monotonic()
        try:
            _play_all(stage, records, as_json=as_json, say=say)
        except (Unexpected, LookupError, OSError) as difference:
            say(json.dumps({"error": str(difference)}) if as_json else f"DIFFERENT: {difference}")
            return False
        spent = time.monotonic() - begin
        _tell(say, f"{len(records)} customers in force in {spent:.1f} s", as_json=as_json)
    return True


def _play_all(stage: Stage, records: list[Record], *, as_json: bool, say: Say) -> None:
    cast, api = Cast(stage.base_url), Api(stage.base_url, stage.token)
    draw_lines(cast, sorted({record["送货线路"] for record in records}))
    for row, record in enumerate(records, start=1):
        for step in NetEntry(cast, api, record, row).play():
            if as_json:
                say(json.dumps(step.as_dict(), ensure_ascii=False))
                continue
            say(
                f"{step.row:>3}  {step.form}  {step.customer or '-':<14}  {step.stage:<16}"
                f"{step.seconds:6.2f} s  {step.who} {step.act}  ({step.store})"
            )


def _tell(say: Say, words: str, *, as_json: bool) -> None:
    if not as_json:
        say(words)
