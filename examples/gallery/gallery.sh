#!/usr/bin/env bash
# gallery: docs/gallery, pages of worked examples that the optimizers draw, made again
set -euo pipefail
cd "$(dirname "$0")/../.."
source cmake/run_support.sh

build release gallery
build/release/examples/gallery/gallery docs/gallery
