"""Pictures of 8-bit RGB as PNG, without a library: what a screenshot needs, and no more."""
import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = {2: 3, 6: 4}  # colour types: RGB, and RGB with alpha


def chunks(data):
    at = len(SIGNATURE)
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        yield kind, data[at + 8:at + 8 + size]
        at += size + 12


def unfiltered(raw, width, height, channels):
    """The rows of bytes; each begins with the number of its filter (PNG specification, section 9)."""
    stride, above, rows = width * channels, bytes(width * channels), []
    for y in range(height):
        kind, row = raw[y * (stride + 1)], bytearray(raw[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        for i in range(stride) if kind else ():
            left = row[i - channels] if i >= channels else 0
            corner = above[i - channels] if i >= channels else 0
            row[i] = (row[i] + predicted(kind, left, above[i], corner)) & 255
        rows.append(bytes(row))
        above = row
    return rows


def predicted(kind, left, above, corner):
    if kind < 4:
        return (0, left, above, (left + above) // 2)[kind]
    distance, _, value = min((abs(above - corner), 0, left), (abs(left - corner), 1, above),
                             (abs(left + above - 2 * corner), 2, corner))
    return value


def read(data):
    """Width, height and rows of RGB bytes."""
    parts = list(chunks(data))
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", parts[0][1])
    if data[:8] != SIGNATURE or depth != 8 or colour not in CHANNELS or interlaced:
        raise ValueError(f"a PNG of another kind: depth {depth}, colour type {colour}, interlaced {interlaced}")
    raw = zlib.decompress(b"".join(body for kind, body in parts if kind == b"IDAT"))
    rows = unfiltered(raw, width, height, CHANNELS[colour])
    if colour == 6:
        rows = [bytes(b for i, b in enumerate(row) if i % 4 != 3) for row in rows]
    return width, height, rows


def write(width, height, rows):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    raw = b"".join(b"\0" + row for row in rows)
    return (SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b""))


def shrunk(width, height, rows, block):
    """Means of squares of so many pixels; what is left at the edges goes."""
    small = []
    for top in range(0, height - block + 1, block):
        line = bytearray()
        for left in range(0, width - block + 1, block):
            for channel in range(3):
                total = sum(sum(row[3 * left + channel:3 * (left + block):3]) for row in rows[top:top + block])
                line.append(round(total / block ** 2))
        small.append(bytes(line))
    return width // block, height // block, small
