"""Tables of astropy as tables of pyarrow. Works on what they offer; astropy itself is not imported."""

from typing import Any

import numpy as np
import pyarrow as pa

from pyramid_uws.exceptions import CoreFault


def is_astropy(thing: Any) -> bool:
    """Tell whether this is a table of astropy."""
    return any(f"{kind.__module__}.{kind.__name__}" == "astropy.table.table.Table" for kind in type(thing).__mro__)


def arrow_of(table: Any) -> pa.Table:
    """Return the table as pyarrow has it; units, descriptions and ``meta`` of columns become metadata."""
    arrays, fields = [], []
    for name in table.colnames:
        column = table[name]
        array = _array(name, column)
        arrays.append(array)
        fields.append(pa.field(name, array.type, metadata=_metadata(column)))
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def _metadata(column: Any) -> dict[str, str]:
    info = column.info
    meta = {key.lower(): str(value) for key, value in (info.meta or {}).items()}
    told = {name: meta[name] for name in ("ucd", "utype", "xtype") if meta.get(name)}
    if info.unit is not None:
        told["unit"] = info.unit.to_string("vounit")
    if info.description:
        told["description"] = info.description
    if hasattr(column, "isot"):
        told["xtype"] = "timestamp"
    return told


def _array(name: str, column: Any) -> pa.Array:
    if hasattr(column, "isot"):  # an astropy Time
        return pa.array([None if text is None else str(text) for text in np.ma.asarray(column.utc.isot).tolist()])
    values = getattr(column, "value", column)  # of a Quantity, the numbers
    mask = getattr(values, "mask", None)
    data = np.asarray(getattr(values, "unmasked", values))
    if data.ndim not in {1, 2} or data.dtype.kind not in "biufSUO":
        kind = f"{data.ndim}-dimensional" if data.ndim > 2 else type(column).__name__
        raise CoreFault(f"Column {name}: {kind} columns cannot be written; take it apart into plain ones.")
    mask = None if mask is None else np.broadcast_to(mask, data.shape)
    try:
        return _lists(data, mask) if data.ndim == 2 else _plain(data, mask)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as problem:  # objects of several kinds
        raise CoreFault(f"Column {name}: {problem}.") from problem


def _plain(data: Any, mask: Any) -> pa.Array:
    if data.dtype.kind == "S":
        data = np.char.decode(data, "utf-8", "replace")
    if data.dtype.kind in "UO":
        kind = pa.string() if data.dtype.kind == "U" else None
        return pa.array(data.tolist(), kind, mask=mask)
    return pa.array(np.ascontiguousarray(data.astype(data.dtype.newbyteorder("="), copy=False)), mask=mask)


def _lists(data: Any, mask: Any) -> pa.Array:
    items = _plain(data.reshape(-1), None if mask is None else mask.reshape(-1))
    return pa.FixedSizeListArray.from_arrays(items, data.shape[1])
