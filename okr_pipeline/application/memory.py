"""Memory that was freed, given back to the system.

Belongs here: what the C library keeps. Does not: what is kept on purpose.
"""

import ctypes
import sys


def give_back() -> None:
    """Give back what was freed in pieces, before much is needed at once; nothing where the C library has no such call.

    After 50,000 key results were scored, glibc holds 160 MB of which it uses nothing (`benchmarks/memory.py`).
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)
