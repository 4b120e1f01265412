"""Records what Opacus' accountants say for the tests of host/privacy.

    python tests/support/record_opacus_epsilon.py      # rewrites tests/data/opacus_epsilon.json

Needs opacus. Poisson-subsampled Gaussian: 20 settings of sampling rate, noise multiplier, steps and delta.
"""
import json
import pathlib
import warnings

import opacus
from opacus.accountants import PRVAccountant, RDPAccountant

DATA = pathlib.Path(__file__).resolve().parent.parent / "data"
SETTINGS = [
    (0.01, 1.0, 1000, 1e-5), (0.01, 0.8, 1000, 1e-5), (0.01, 1.5, 5000, 1e-5), (0.004, 1.1, 2500, 1e-5),
    (0.004, 0.7, 2500, 1e-5), (0.001, 1.0, 10000, 1e-6), (0.001, 0.6, 10000, 1e-6), (0.02, 1.2, 500, 1e-5),
    (0.02, 2.0, 2000, 1e-5), (0.05, 1.0, 100, 1e-5), (0.05, 2.0, 1000, 1e-5), (0.1, 2.0, 300, 1e-5),
    (0.1, 4.0, 1000, 1e-5), (0.25, 3.0, 100, 1e-5), (0.5, 5.0, 100, 1e-5), (0.032, 1.3, 600, 1e-5),
    (0.008, 0.9, 1200, 1e-4), (0.016, 1.0, 1, 1e-5), (0.2, 1.0, 20, 1e-3), (0.064, 1.6, 320, 1e-7),
]


def epsilon(accountant, rate, noise, steps, delta):
    accountant.history = [(noise, rate, steps)]
    return float(accountant.get_epsilon(delta))


def main():
    warnings.simplefilter("ignore")
    entries = [
        {"sampling_rate": rate, "noise_multiplier": noise, "steps": steps, "delta": delta,
         "rdp": epsilon(RDPAccountant(), rate, noise, steps, delta),
         "prv": epsilon(PRVAccountant(), rate, noise, steps, delta)}
        for rate, noise, steps, delta in SETTINGS
    ]
    lines = ",\n".join("    " + json.dumps(entry) for entry in entries)
    (DATA / "opacus_epsilon.json").write_text(
        f'{{\n  "opacus": "{opacus.__version__}",\n  "settings": [\n{lines}\n  ]\n}}\n')


main()
