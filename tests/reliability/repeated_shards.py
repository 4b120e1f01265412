"""A set of shards that is as large as one wants: one shard again and again, written as fast as the disk takes it. Each file
differs from the others by the number of its first row, so that one checksum of each is new (docs/shards.md)."""
import ctypes
import ctypes.util
import json
import re

MIB = 1 << 20


class _Hash128(ctypes.Structure):
    _fields_ = [("low", ctypes.c_uint64), ("high", ctypes.c_uint64)]


def _library():
    """The xxHash of the system; None without it."""
    name = ctypes.util.find_library("xxhash")
    if name is None:
        return None
    library = ctypes.CDLL(name)
    library.XXH3_64bits.restype = ctypes.c_uint64
    library.XXH3_128bits.restype = _Hash128
    for function in (library.XXH3_64bits, library.XXH3_128bits):
        function.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
    return library


XXHASH = _library()


def piece_hash(piece):
    return f"{XXHASH.XXH3_64bits(piece, len(piece)):016x}"


def with_checksum(manifest):
    """The text of a manifest up to its checksum, with it."""
    text = manifest.encode()
    found = XXHASH.XXH3_128bits(text, len(text))
    return f'{manifest},\n  "manifest_xxh3": "{found.high:016x}{found.low:016x}"\n}}\n'


def with_first_row(shard, first):
    """The bytes of the shard as if `first` were its first row: the padding of its header keeps all in its place."""
    length = int.from_bytes(shard[:8], "little")
    header = shard[8:8 + length].replace(b'"first_row":"0"', f'"first_row":"{first}"'.encode(), 1)
    return shard[:8] + header.rstrip(b" ").ljust(length) + shard[8 + length:]


def with_value(manifest, key, value):
    text, count = re.subn(rf'\n  "{key}": .*,\n', lambda _: f'\n  "{key}": {json.dumps(value, separators=(",", ":"))},\n', manifest, count=1)
    assert count == 1, key
    return text


def repeat(folder, copies):
    """Makes the set of one shard in `folder` one of so many; gives its rows and the bytes of its files."""
    manifest = (folder / "manifest.json").read_text()
    told = json.loads(manifest)
    entry, = told["shards"]
    shard = (folder / entry["name"]).read_bytes()
    rest = shard[MIB:]
    entries = []
    for i in range(copies):
        first = i * told["rows"]
        begin = with_first_row(shard[:MIB], first)
        name = f"shard-{i:05d}.safetensors"
        with open(folder / name, "wb") as file:
            file.write(begin)
            file.write(rest)
        one = {**entry, "name": name, "first_row": first, "xxh3": piece_hash(begin) + entry["xxh3"][16:]}
        entries.append("    " + json.dumps(one, separators=(",", ":")))
    for key in ("rows", "entries"):
        manifest = with_value(manifest, key, told[key] * copies)
    manifest = with_value(manifest, "class_rows", [rows * copies for rows in told["class_rows"]])
    manifest = with_value(manifest, "source_fingerprint", "")
    manifest = manifest[:manifest.index('\n  "shards": [')] + '\n  "shards": [\n' + ",\n".join(entries) + "\n  ]"
    (folder / "manifest.json").write_text(with_checksum(manifest))
    return told["rows"] * copies, len(shard) * copies
