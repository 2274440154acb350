#!/usr/bin/env bash
# Makes sure that every base image of .env is here. For each: present, else pulled, else (no registry answers) a
# stand-in under the same tag, built from Debian's packages and npm. A stand-in is labelled sse-lab.stand-in.
# Usage: images.sh IMAGE...
set -euo pipefail
cd "$(dirname "$0")"

say() { printf 'images: %s\n' "$*"; }
fail() { printf 'images: %s\n' "$*" >&2; exit 1; }
present() { docker image inspect "$1" >/dev/null 2>&1; }

pin() { ./pin.sh "$1"; }

build() { # build DOCKERFILE TAG [NAME=VALUE...]
  local file=$1 tag=$2 args=''
  shift 2
  while [ $# -gt 0 ]; do args="$args --build-arg $1"; shift; done
  # shellcheck disable=SC2086
  docker build --quiet --label sse-lab.stand-in=true $args -f "stand-ins/$file" -t "$tag" stand-ins >/dev/null
}

# Debian's own installer makes the base. It brings along what this machine needs to reach a mirror (its CA certificates
# and apt's date checks), which an official image cannot know.
stand_in_debian() {
  local root site ca=/etc/ssl/certs/ca-certificates.crt
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    fail "no registry answers, and a stand-in for $1 can be built only as root on Debian or Ubuntu. Check the network or a registry mirror (docker pull $1), then try again."
  fi
  command -v debootstrap >/dev/null || {
    say "installing debootstrap"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends debootstrap >/dev/null
  }
  root=$(mktemp -d)
  # shellcheck disable=SC2064
  trap "rm -rf '$root'" EXIT
  # shellcheck disable=SC2016 # apt fills these in, not the shell.
  site=$(apt-get indextargets --format '$(SITE)|$(COMPONENT)' 'Created-By: Packages' |
    awk -F'|' '$2 == "main" && $1 ~ /\/debian\/?$/ { print $1; exit }')
  [ -n "$site" ] || fail "found no Debian mirror in this machine's apt sources: pull or load $1 by hand (docker load)."
  debootstrap --variant=minbase --include=ca-certificates trixie "$root" "$site" >"$root.log" 2>&1 ||
    fail "debootstrap failed; its log is $root.log"
  rm -f "$root.log"
  cp "$ca" "$root$ca"
  apt-config dump Acquire::Check-Valid-Until Acquire::Check-Date >"$root/etc/apt/apt.conf.d/90sse-lab"
  rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/archives/*.deb
  tar -C "$root" -c . | docker import \
    --change "ENV NODE_EXTRA_CA_CERTS=$ca SSL_CERT_FILE=$ca" --change 'CMD ["bash"]' --change 'LABEL sse-lab.stand-in=true' \
    - "$1" >/dev/null
  rm -rf "$root"
}

stand_in() { # stand_in IMAGE: the part before the colon says what to build
  local debian version
  debian=$(pin DEBIAN_IMAGE)
  [ "$1" = "$debian" ] || ensure "$debian"
  say "no registry answers: building a stand-in for $1 (up to a minute)"
  version=${1#*:}
  case "$1" in
    debian:*) stand_in_debian "$1" ;;
    node:*) build node.Dockerfile "$1" "DEBIAN_IMAGE=$debian" "NODE_VERSION=${version%%-*}" ;;
    redis:*) build forky.Dockerfile "$1" "DEBIAN_IMAGE=$debian" PACKAGES=redis-server ;;
    prom/prometheus:*) build forky.Dockerfile "$1" "DEBIAN_IMAGE=$debian" PACKAGES=prometheus ;;
    nginx:*) build forky.Dockerfile "$1" "DEBIAN_IMAGE=$debian" PACKAGES=nginx ;;
    *) fail "there is no stand-in for $1: pull or load it by hand (docker load)." ;;
  esac
}

ensure() {
  local answer
  if present "$1"; then return; fi
  say "pulling $1"
  if answer=$(docker pull --quiet "$1" 2>&1); then return; fi
  case "$answer" in
    # The registry spoke, or this machine is at fault: no case for a stand-in.
    *'manifest unknown'* | *'no matching manifest'* | *'no space left'* | *credential* | *manifest*'not found'* | *denied* | *toomanyrequests* | *unauthorized*) fail "docker pull $1: $answer" ;;
  esac
  say "$answer"
  stand_in "$1"
}

[ $# -gt 0 ] || fail "usage: images.sh IMAGE..., for example: images.sh $(pin NODE_IMAGE)"
for image in "$@"; do ensure "$image"; done
