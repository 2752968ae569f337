#!/usr/bin/env bash
# Installs the programs that the peers' tests are run against. What can't be had here is named and left out: the tests
# then say that they were skipped. Debian packages need root; versitygw needs Go; moto needs Python with venv.
set -uo pipefail
cd "$(dirname "$0")"
versitygw=v1.8.0
moto=5.2.5
installed=$PWD/installed
log=$(mktemp)
trap 'rm -f "$log"' EXIT

attempt() {
  local name=$1
  shift
  if "$@" >"$log" 2>&1; then
    echo "$name: installed"
  else
    echo "$name: not installed here: $(grep -v '^[[:space:]]*$' "$log" | tail -n 1)"
  fi
}

debian() {
  [ "$(id -u)" = 0 ] || { echo 'apt-get needs root'; return 1; }
  command -v apt-get || { echo 'no apt-get on this system'; return 1; }
  export DEBIAN_FRONTEND=noninteractive
  dpkg -s "$@" >/dev/null 2>&1 || { apt-get update && apt-get install -y --no-install-recommends "$@"; } </dev/null
}

go_install() {
  command -v go || { echo 'no go on this system'; return 1; }
  GOBIN=$installed go install "github.com/versity/versitygw/cmd/versitygw@$versitygw"
}

pip_install() {
  command -v python3 || { echo 'no python3 on this system'; return 1; }
  [ -x "$installed/moto/bin/python" ] || python3 -m venv "$installed/moto" || return 1
  "$installed/moto/bin/pip" install --quiet --disable-pip-version-check "moto[server]==$moto"
}

attempt "Ceph's radosgw" debian ceph-mon ceph-mgr ceph-osd ceph-common radosgw
attempt 'AWS CLI' debian awscli
attempt 'zsh and fish' debian zsh fish
attempt 'man and mandoc' debian man-db mandoc
attempt systemd-analyze debian systemd
attempt Prometheus debian prometheus
attempt "versitygw $versitygw" go_install
attempt "moto $moto" pip_install
