"""Draws the page of a run in headless Chromium and compares it with the pictures in tests/exports/look.

  look_check.py PROGRAM [--update]      --update writes the pictures anew; look at them before you commit them

The pictures are small: squares of 10 pixels became one. So they tell of layout and colours, and other fonts of about the
same width change little."""
import argparse
import pathlib
import subprocess
import sys
import tempfile

import png

ROOT = pathlib.Path(__file__).resolve().parents[2]
REFERENCES = ROOT / "tests" / "exports" / "look"
SIZES = ((400, 2400), (1400, 2000))
THEMES = {"dark": 0, "light": 1}  # as Blink counts them
BLOCK = 10
MOST_MEAN, MOST_SHARE, LARGE = 1.0, 0.005, 40  # of differences, of 255; of channels that differ much


def page(program, folder):
    """The report of a small network, made where its paths are the same everywhere."""
    for name in ("images-idx3", "labels-idx1"):
        (folder / f"{name}.gz").symlink_to(ROOT / "data" / f"mnist10k-{name}-ubyte.gz")
    subprocess.run([program, "train", "--quiet", "--device=cpu", "--train.threads=1", "--data.train=images-idx3.gz",
                    "--data.target=labels-idx1.gz", "--data.train_rows=0:3000", "--data.validation_fraction=0.3",
                    "--model.hidden=32", "--train.epochs=4", "--per_sample.statistics=true", "--out=run"],
                   cwd=folder, check=True, stdout=subprocess.DEVNULL)
    subprocess.run([program, "report", "run"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return folder / "run" / "report.html"


def framed(report, width, height):
    """A window has a least width; a frame has not, and the page in it takes it for its window."""
    frame = report.parent / f"frame-{width}.html"
    frame.write_text(f'<!doctype html><body style="margin:0"><iframe src="report.html" scrolling="no" '
                     f'style="border:0;width:{width}px;height:{height}px"></iframe>')
    return frame


def screenshot(frame, width, height, theme, folder):
    file = folder / f"{width}-{theme}.png"
    command = ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
               "--force-device-scale-factor=1", f"--user-data-dir={folder / 'profile'}",
               f"--blink-settings=preferredColorScheme={THEMES[theme]}", f"--window-size={max(width, 500)},{height}",
               f"--screenshot={file}", frame.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if not file.exists():
        sys.exit(f"chromium drew nothing: {done.stderr}")
    full_width, full_height, rows = png.read(file.read_bytes())
    rows = [row[:3 * width] for row in rows]
    return png.shrunk(min(width, full_width), full_height, rows, BLOCK)


def difference(a, b):
    """The mean difference of the channels, and the share of those that differ much. None: other sizes."""
    if a[:2] != b[:2]:
        return None
    gaps = [abs(x - y) for row, other in zip(a[2], b[2]) for x, y in zip(row, other)]
    return sum(gaps) / len(gaps), sum(gap > LARGE for gap in gaps) / len(gaps)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("--update", action="store_true")
    arguments = parser.parse_args()
    failed = False
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        report = page(pathlib.Path(arguments.program).resolve(), folder)
        for width, height in SIZES:
            for theme in THEMES:
                picture = screenshot(framed(report, width, height), width, height, theme, folder)
                reference = REFERENCES / f"report-{width}-{theme}.png"
                if arguments.update:
                    REFERENCES.mkdir(exist_ok=True)
                    reference.write_bytes(png.write(*picture))
                found = difference(picture, png.read(reference.read_bytes()))
                good = found is not None and found[0] <= MOST_MEAN and found[1] <= MOST_SHARE
                failed |= not good
                said = "another size" if found is None else f"mean difference {found[0]:.2f}, {found[1]:.2%} large"
                print(f"{width} px, {theme}: {said}{'' if good else ': NOT as in ' + str(reference)}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
