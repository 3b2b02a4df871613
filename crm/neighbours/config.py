"""Who the neighbours are: where Kedang listens, what signs its calls, what opens its API."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from crm.places import SetupError, var, write_private

SYSTEMS: Final = ("zm", "em", "crm", "bank", "order_centre")
PORT: Final = 8010
HOST: Final = "127.0.0.1"
ENDPOINT_SECONDS: Final = 5
"""How long Kedang waits for an answer; faults that come too late wait longer."""


@dataclass(frozen=True, slots=True)
class Keys:
    """One system's two secrets; never printed."""

    secret: str
    token: str

    def __repr__(self) -> str:
        return "Keys(…)"


@dataclass(frozen=True, slots=True)
class Config:
    """Kedang's address and the keys of each system."""

    base_url: str
    systems: Mapping[str, Keys]


def config_file() -> Path:
    """Where the demo writes it and the neighbours look for it."""
    return var() / "neighbours.json"


def webhook_url(system: str, *, port: int = PORT) -> str:
    """Where a system listens."""
    return f"http://{HOST}:{port}/{system}/"


def write_config(path: Path, config: Config) -> None:
    """Write the keys down, readable by their owner only."""
    body = {
        "base_url": config.base_url,
        "systems": {name: asdict(keys) for name, keys in config.systems.items()},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    write_private(path, json.dumps(body, indent=1))


def read_config(path: Path) -> Config:
    """Read the keys. Raises SetupError in plain words."""
    try:
        body = json.loads(path.read_text())
        systems = {name: Keys(**keys) for name, keys in body["systems"].items()}
        return Config(str(body["base_url"]), systems)
    except FileNotFoundError:
        raise SetupError(f"{path} is missing: `manage.py seed_demo` writes it.") from None
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise SetupError(f"{path} is not a neighbours' file: {problem}") from problem
