#!/usr/bin/env bash
# Install the foreign verifiers that `make interop` asks, into one folder; nothing of them is committed.
# From PyPI and npm into $PROVENIR_INTEROP (default: .interop), from Debian only on a throw-away machine
# (CI=true and root). What cannot be had is left out, and its row of the matrix says so.
set -uo pipefail
cd "$(dirname "$0")/../.."
home="${PROVENIR_INTEROP:-.interop}"
python="${PYTHON:-python3}"
mkdir -p "$home/node"

missing() { echo "interop: $1 could not be installed; its rows will say so" >&2; }

if [ ! -x "$home/python/bin/python" ]; then
  "$python" -m venv "$home/python" || missing "a Python environment"
fi
"$home/python/bin/python" -m pip install -q --disable-pip-version-check \
  model-signing pyOpenSSL 'cyclonedx-python-lib[json-validation]' spdx-python-model openlineage-python \
  'securesystemslib[crypto]' in-toto-attestation huggingface_hub jsonschema-rs >/dev/null 2>&1 \
  || missing "a package from PyPI"

if command -v npm >/dev/null 2>&1; then
  (cd "$home/node" && { [ -f package.json ] || npm init -y >/dev/null; } \
    && npm install --silent --no-audit --no-fund --ignore-scripts \
      @sigstore/verify @sigstore/bundle @cyclonedx/cyclonedx-library \
      ajv ajv-formats ajv-formats-draft2019 >/dev/null 2>&1) \
    || missing "a package from npm"
fi

if [ "${CI:-}" = "true" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
      openssl openssh-client golang-go golang-golang-x-mod-dev golang-github-xeipuuv-gojsonschema-dev; } \
    >/dev/null 2>&1 || missing "a package from Debian"
fi
