"""Nobody's plugin stands between a value and its check, and no package is asked whether it has one. Floor 0."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from types import ModuleType
from typing import Any

PLACE = "pydantic.plugin._loader"


def refuse() -> None:
    """Let pydantic find no plugins, and not look for any either (decision 075). To be called before it is imported."""
    os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"
    sys.modules[PLACE] = NoPlugins(PLACE)


class NoPlugins(ModuleType):
    """What pydantic asks for plugins. Asked for anything else it makes room for pydantic's own module, once and for all."""

    get_plugins = staticmethod(tuple)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        sys.modules.pop(PLACE, None)
        return getattr(import_module(PLACE), name)
