"""What was used lately: how a worker keeps what it may need again, and forgets what it does not."""

from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Recent(Generic[Key, Value]):
    """Values by key. What is not asked for between two turns is forgotten at the second."""

    def __init__(self) -> None:
        self._lately: dict[Key, Value] = {}
        self._before: dict[Key, Value] = {}

    def get(self, key: Key) -> Value | None:
        """The value, or None."""
        found = self._lately.get(key)
        if found is None:
            found = self._before.pop(key, None)
            if found is not None:
                self._lately[key] = found
        return found

    def __setitem__(self, key: Key, value: Value) -> None:
        self._lately[key] = value

    def is_lately(self, key: Key) -> bool:
        """Whether it was set or asked for since the last turn."""
        return key in self._lately

    def turn(self) -> None:
        """Forgets what was not asked for since the last turn."""
        self._before, self._lately = self._lately, {}
