"""The Redis cache that refuses nobody: while Redis is away, the process remembers alone (RF-40)."""

import time
from collections.abc import Callable
from typing import Any, ClassVar, Final

import structlog
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from django.utils.functional import cached_property
from redis.exceptions import ConnectionError as RedisAway
from redis.exceptions import TimeoutError as RedisSilent

logger = structlog.get_logger(__name__)
REST: Final = 5.0
"""Seconds without another try: a Redis that hangs is waited for once, not at every step."""


class CalmClient:
    """Passes every call on to Redis, or to the process's own memory while Redis rests."""

    resume_at: ClassVar[float] = 0.0

    def __init__(self, client: RedisCacheClient) -> None:
        self._client = client
        self._own = LocMemCache("kedang-redis-away", {})

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            if time.monotonic() >= CalmClient.resume_at:
                try:
                    return getattr(self._client, name)(*args, **kwargs)
                except (RedisAway, RedisSilent) as problem:
                    CalmClient.resume_at = time.monotonic() + REST
                    logger.warning("cache_down", error=type(problem).__name__)
            return getattr(self._own, name)(*args, **kwargs)

        return call


class CalmRedisCache(RedisCache):
    """Throttles, brakes and look-ups of an installation with Redis (D2)."""

    @cached_property
    def _cache(self) -> CalmClient:  # type: ignore[override]  # Django's stubs know no client
        made: Any = super()._cache
        return CalmClient(made)
