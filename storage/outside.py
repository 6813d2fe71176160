"""What a decision awaits outside MongoDB, such as the object store."""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class Outside(Generic[T]):
    """What the work of a decision awaits outside MongoDB, such as the object store.

    Everything else of it runs in one hop, where nothing can be awaited.
    """

    def __init__(self, work: Callable[[], Awaitable[T]]) -> None:
        self.work = work

    def __await__(self) -> Generator["Outside[T]", T, T]:
        """Leaves the hop until the work is done."""
        return (yield self)


class Begun(Outside[T]):
    """The same, already on its way beside the decision's own reads."""

    def __init__(self, on_its_way: Future[T]) -> None:
        super().__init__(lambda: asyncio.wrap_future(on_its_way))
        self._on_its_way = on_its_way

    def __await__(self) -> Generator[Outside[T], T, T]:
        """Leaves the hop only where it still has to wait."""
        if self._on_its_way.done():
            return self._on_its_way.result()
        return (yield self)
