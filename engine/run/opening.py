"""Lago, the console and the limits of a run, as the settings say: here it is chosen what a run can write at all. Floor 4."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from engine.clock import Clock
from engine.http.exchange import Heard
from engine.plain import dataclass
from engine.settings import Settings
from engine.steps.base import Effect, Limits, World
from engine.under_way import Begin, UnderWay

if TYPE_CHECKING:
    from engine.config.secrets import Ask


@dataclass(frozen=True, slots=True)
class Hears:
    """Who is told what is done, who hears every answer of Lago and the console whole, and who is asked for a key."""

    tell: Callable[[str], object] = str
    heard: Callable[[Heard], object] = id
    ask_key: Ask | None = None


def open_world(settings: Settings, clock: Clock, hears: Hears, reach: Effect, begin: Begin = UnderWay) -> World:
    """Lago and the console as the settings say. What a run may not write, its transport cannot send.

    Raises SettingsFault: no address, no key, a key from elsewhere than its address.
    """
    from engine.lago import Lago

    target = settings.need_lago(hears.ask_key)
    dry_run = reach is not Effect.ONE_WAY
    lago = Lago(
        target.url,
        target.key,
        clock=clock,
        read_only=dry_run,
        may_refresh=reach is Effect.WRITE,
        tell=hears.tell,
        heard=hears.heard,
        begin=begin,
    )
    sync = open_sync(settings, clock, hears)
    return World(lago=lago, sync=sync, clock=clock, limits=limits(settings), begin=begin)


def offline(target: str, clock: Clock) -> World:
    """A world in which nothing can be read or sent, for what is made anew from facts that were read elsewhere."""
    from engine.lago import Lago
    from engine.values import Secret

    return World(Lago(f"https://{target}/api/v1", Secret(""), clock=clock, read_only=True), None, clock, Limits())


def open_sync(settings: Settings, clock: Clock, hears: Hears) -> Any:
    """Where the latest sync run is read: the console, a file, or nowhere."""
    from engine.billing import Console, SyncFile
    from engine.settings import ConsoleTarget

    console = settings.console()
    if isinstance(console, ConsoleTarget):
        return Console(console.url, console.header, console.secret, clock=clock, tell=hears.tell, heard=hears.heard)
    return SyncFile(console, clock=clock) if console is not None else None


def limits(settings: Settings) -> Limits:
    """How long things may take."""
    return Limits(
        finalize_timeout=settings.finalize_timeout,
        settle_window=settings.settle_window,
        settle_min_reads=settings.settle_min_reads,
        pending_deadline=settings.pending_deadline,
        taxes_deadline=settings.taxes_deadline,
        poll_interval=settings.poll_interval,
    )
