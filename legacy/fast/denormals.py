"""Results below 1e-38 (float32) or 2e-308 (float64) are zero, in the whole process.

RMSprop's averages of squared gradients decay into such denormal numbers, on which processors are up to a hundred times
slower. g++ sets this mode by itself with -ffast-math, but only before version 13 and with its other effects on NaN.
"""
import ctypes
import platform
import sys

# Where glibc's fenv_t has the processor's control register, in words of 32 bits, and its bits for zero.
_CONTROL = {
    "x86_64": (7, 0x8040),   # MXCSR: flush to zero, denormals are zero
    "aarch64": (0, 1 << 24),  # FPCR: flush to zero
}


def flush_to_zero():
    """Switch it on for this thread and those that it starts; on Linux with glibc, on x86-64 and arm64."""
    if sys.platform != "linux" or platform.machine() not in _CONTROL:
        return
    try:
        libm = ctypes.CDLL("libm.so.6")
    except OSError:  # another C library than glibc
        return
    import numpy
    for dtype in (numpy.float16, numpy.float32, numpy.float64):
        numpy.finfo(dtype)  # looks for denormals and warns where there are none: ask before
    word, bits = _CONTROL[platform.machine()]
    environment = (ctypes.c_uint32 * 16)()
    if libm.fegetenv(environment) == 0:
        environment[word] |= bits
        libm.fesetenv(environment)
