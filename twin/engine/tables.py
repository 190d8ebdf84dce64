"""Tables: how all tables of a run are handed to compiled code: by one pointer.

Numba passes a tuple of arrays as seven words an array. With some fifty tables every call in the
compiled kernel copied hundreds of words and every small function was worth inlining, so that it took
minutes to compile. Here one pointer goes around; a table is found through it where it is used.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import AttributeTemplate
from numba.extending import (
    NativeValue,
    infer_getattr,
    lower_getattr_generic,
    models,
    register_model,
    typeof_impl,
    unbox,
)
from numba.np.numpy_support import from_dtype

from twin.compiling import runs_plain


class Tables:
    """Arrays by name, C-contiguous; all tables of one subclass are of the same kinds."""

    _kinds: ClassVar[list[tuple[str, np.dtype[Any], int]]] = []
    _type: ClassVar[TablesType | None] = None

    def __init__(self, **arrays: np.ndarray[Any, Any]) -> None:
        words: list[int] = []
        for name, array in arrays.items():
            if not array.flags.c_contiguous:
                raise ValueError(f"table {name} is not contiguous")
            words += [array.ctypes.data, *array.shape]
            setattr(
                self, name, array.view(np.recarray) if runs_plain("kernel") and array.dtype.names else array
            )
        kinds = [(name, array.dtype, array.ndim) for name, array in arrays.items()]
        if not self._kinds:
            type(self)._kinds = kinds
        if kinds != self._kinds:
            raise ValueError(f"tables of other kinds than before: {kinds}")
        self._words = np.array(words, np.int64)  # kept as long as its address is used
        self.address = self._words.ctypes.data


class TablesType(types.Type):
    """Numba's type of a ``Tables``: names and kinds of its arrays, in order."""

    def __init__(self, fields: tuple[tuple[str, types.Array], ...]) -> None:
        self.fields = fields
        super().__init__(name=f"Tables({', '.join(f'{name}: {kind}' for name, kind in fields)})")


@typeof_impl.register(Tables)
def _type_of(tables: Tables, _: Any) -> TablesType:
    cls = type(tables)
    if cls._type is None:
        fields = ((name, types.Array(from_dtype(dtype), ndim, "C")) for name, dtype, ndim in cls._kinds)
        cls._type = TablesType(tuple(fields))
    return cls._type


@register_model(TablesType)
class _TablesModel(models.OpaqueModel):  # type: ignore[misc]
    """A pointer."""


@infer_getattr
class _TablesAttributes(AttributeTemplate):  # type: ignore[misc]
    key: ClassVar = TablesType

    def generic_resolve(self, tables: TablesType, name: str) -> types.Array | None:
        return dict(tables.fields).get(name)


@lower_getattr_generic(TablesType)
def _table(context: Any, builder: Any, kind: TablesType, pointer: Any, name: str) -> Any:
    """Load one array's description; it never changes, so it may be kept in a register."""
    word, offset = cgutils.intp_t, 0
    for field, array in kind.fields:
        if field == name:
            break
        offset += _word_count(array)

    def load(number: int) -> Any:
        address = cgutils.pointer_add(builder, pointer, 8 * (offset + number))
        value = builder.load(builder.bitcast(address, word.as_pointer()))
        value.set_metadata("invariant.load", builder.module.add_metadata([]))
        return value

    description = context.make_array(array)(context, builder)
    size = array.dtype.size if isinstance(array.dtype, types.Record) else array.dtype.bitwidth // 8
    description.itemsize = word(size)
    description.data = builder.inttoptr(load(0), description.data.type)
    shape = [load(1 + axis) for axis in range(array.ndim)]
    strides, nitems = [word(size)], shape[0]
    for length in shape[:0:-1]:
        strides.insert(0, builder.mul(strides[0], length))
    for length in shape[1:]:
        nitems = builder.mul(nitems, length)
    description.shape = cgutils.pack_array(builder, shape)
    description.strides = cgutils.pack_array(builder, strides)
    description.nitems = nitems
    return description._getvalue()


def _word_count(array: types.Array) -> int:
    """Words that describe a table: where it begins, and its shape."""
    return 1 + int(array.ndim)


@unbox(TablesType)
def _to_pointer(_: TablesType, tables: Any, c: Any) -> NativeValue:
    address = c.pyapi.object_getattr_string(tables, "address")
    number = c.pyapi.long_as_longlong(address)
    c.pyapi.decref(address)
    return NativeValue(c.builder.inttoptr(number, cgutils.voidptr_t))
