"""Sequence parameter set: the frame rate an H.264 stream declares (Rec. ITU-T H.264, 7.3.2.1.1 and annex E)."""

from __future__ import annotations

from streaming.errors import Corrupt

_CHROMA_PROFILES = {100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135}


class _Bits:
    """Reads bits and Exp-Golomb codes (9.1) from a NAL unit's payload without emulation prevention."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = len(data) * 8

    def u(self, n: int) -> int:
        if n > self._left:
            raise Corrupt("sequence parameter set is cut off", next_step="restart the encoder")
        self._left -= n
        return self._value >> self._left & ((1 << n) - 1)

    def ue(self) -> int:
        zeros = 0
        while not self.u(1):
            zeros += 1
        return (1 << zeros) - 1 + self.u(zeros)

    def se(self) -> int:
        k = self.ue()
        return (k + 1) // 2 if k & 1 else -(k // 2)


def frame_rate(avcc: bytes) -> tuple[int, int]:
    """Numerator and denominator of the frame rate in an avcC record; raises `Corrupt` without timing."""
    size = int.from_bytes(avcc[6:8], "big")
    bits = _Bits(avcc[9 : 8 + size].replace(b"\0\0\3", b"\0\0"))
    profile = bits.u(8)
    bits.u(16)
    bits.ue()
    if profile in _CHROMA_PROFILES:
        _skip_chroma(bits)
    bits.ue()
    order = bits.ue()
    if order == 0:
        bits.ue()
    elif order == 1:
        bits.u(1)
        bits.se()
        bits.se()
        for _ in range(bits.ue()):
            bits.se()
    bits.ue()
    bits.u(1)
    bits.ue()
    bits.ue()
    if not bits.u(1):
        bits.u(1)
    bits.u(1)
    if bits.u(1):
        for _ in range(4):
            bits.ue()
    if not bits.u(1):
        raise Corrupt("the video declares no frame rate", next_step="use x264 or NVENC")
    _skip_to_timing(bits)
    if not bits.u(1):
        raise Corrupt("the video declares no frame rate", next_step="use x264 or NVENC")
    units, scale = bits.u(32), bits.u(32)
    if not units or not scale:
        raise Corrupt("the video declares no frame rate", next_step="use x264 or NVENC")
    return scale, 2 * units


def _skip_chroma(bits: _Bits) -> None:
    chroma = bits.ue()
    if chroma == 3:
        bits.u(1)
    bits.ue()
    bits.ue()
    bits.u(1)
    if bits.u(1):
        for n in range(8 if chroma != 3 else 12):
            if bits.u(1):
                _skip_scaling_list(bits, 16 if n < 6 else 64)


def _skip_scaling_list(bits: _Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.se()) % 256
        last = following or last


def _skip_to_timing(bits: _Bits) -> None:
    """Read the VUI up to timing_info_present_flag (E.1.1)."""
    if bits.u(1) and bits.u(8) == 255:
        bits.u(32)
    if bits.u(1):
        bits.u(1)
    if bits.u(1):
        bits.u(4)
        if bits.u(1):
            bits.u(24)
    if bits.u(1):
        bits.ue()
        bits.ue()
