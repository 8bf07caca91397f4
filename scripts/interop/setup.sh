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
  model-signing==1.1.1 pyOpenSSL==26.4.0 'cyclonedx-python-lib[json-validation]==11.12.0' \
  spdx-python-model==0.0.6 openlineage-python==1.54.0 'securesystemslib[crypto]==1.6.0' \
  in-toto-attestation==0.9.3 huggingface_hub==2.4.0 jsonschema-rs==0.61.0 >/dev/null 2>&1 \
  || missing "a package from PyPI"

if command -v npm >/dev/null 2>&1; then
  (cd "$home/node" && { [ -f package.json ] || npm init -y >/dev/null; } \
    && npm install --silent --no-audit --no-fund --ignore-scripts \
      @sigstore/verify@3.1.1 @sigstore/bundle@4.0.0 @cyclonedx/cyclonedx-library@10.3.0 \
      ajv@8.20.0 ajv-formats@3.0.1 ajv-formats-draft2019@1.6.1 >/dev/null 2>&1) \
    || missing "a package from npm"
fi

if [ "${CI:-}" = "true" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
      openssl openssh-client golang-go golang-golang-x-mod-dev golang-github-xeipuuv-gojsonschema-dev; } \
    >/dev/null 2>&1 || missing "a package from Debian"
fi
