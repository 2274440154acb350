#!/usr/bin/env bash
# Makes sure that a Docker engine with compose v2 and buildx answers.
# One that answers is never touched. Where none is, and we are root on Debian or Ubuntu, it is installed and started.
set -euo pipefail

say() { printf 'engine: %s\n' "$*"; }
fail() { printf 'engine: %s\n' "$*" >&2; exit 1; }

# Prints the mirror that this machine's own apt sources name, whichever of apt's two formats they are written in.
debian_mirror() {
  apt-get indextargets --format '$(SITE)|$(COMPONENT)' 'Created-By: Packages' |
    awk -F'|' '$2 == "main" && $1 ~ /\/debian\/?$/ { print $1; exit }'
}

answers() { docker info >/dev/null 2>&1; }

# An outgoing connection may otherwise sit on one of the lab's ports, and the lab could not bind it.
reserve_ports() {
  local file=/proc/sys/net/ipv4/ip_local_reserved_ports now
  [ "$(id -u)" = 0 ] && [ -w "$file" ] || return 0
  now=$(cat "$file")
  case ",$now," in
    *3000*8080-8081*) ;;
    *) printf '%s3000,8080,8081\n' "${now:+$now,}" >"$file" 2>/dev/null || true ;;
  esac
}

require_plugins() {
  docker compose version >/dev/null 2>&1 ||
    fail "Docker answers, but 'docker compose' (v2) is missing: install the package docker-compose-plugin (Docker's own) or docker-compose (Debian 13 and later)."
  docker buildx version >/dev/null 2>&1 ||
    fail "Docker answers, but 'docker buildx' is missing: install the package docker-buildx-plugin (Docker's own) or docker-buildx (Debian 13 and later)."
}

# Debian 12's own engine is 20.10 and has no compose v2, so these come from Debian 13. They need only glibc 2.34; runc
# there needs more, and Debian 12's is new enough. The pin keeps every other package of that suite away from this machine.
install_debian() {
  local packages="docker.io docker-cli docker-compose docker-buildx containerd" suite=trixie site release
  release=$(. /etc/os-release && printf '%s' "${VERSION_ID:-13}")
  say "installing $packages from Debian $suite (every other package stays as it is)"
  apt-get update -qq
  if [ "$release" -lt 13 ]; then
    site=$(debian_mirror)
    [ -n "$site" ] || fail "found no Debian mirror in this machine's apt sources: install Docker by hand, https://docs.docker.com/engine/install/debian/"
    printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' "$site" "$suite" \
      >/etc/apt/sources.list.d/sse-lab-engine.list
    printf 'Package: *\nPin: release n=%s\nPin-Priority: -10\n\nPackage: %s\nPin: release n=%s\nPin-Priority: 990\n' \
      "$suite" "$packages" "$suite" >/etc/apt/preferences.d/sse-lab-engine
    apt-get update -qq
  fi
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages iptables procps >/dev/null
}

install_ubuntu() {
  say "installing docker.io docker-compose-v2 docker-buildx from Ubuntu"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq docker.io docker-compose-v2 docker-buildx >/dev/null
}

install_engine() {
  local id=''
  if [ -r /etc/os-release ]; then id=$(. /etc/os-release && printf '%s' "$ID"); fi
  [ "$(uname -s)" = Linux ] || fail "no Docker engine answers: start Docker Desktop (or install it: https://docs.docker.com/get-docker/) and try again."
  case "$id" in
    debian) [ "$(id -u)" = 0 ] || fail "no Docker engine answers: run this as root to have one installed, or install it: https://docs.docker.com/engine/install/debian/"
            install_debian ;;
    ubuntu) [ "$(id -u)" = 0 ] || fail "no Docker engine answers: run this as root to have one installed, or install it: https://docs.docker.com/engine/install/ubuntu/"
            install_ubuntu ;;
    *) fail "no Docker engine answers, and this script installs one on Debian and Ubuntu only: https://docs.docker.com/engine/install/" ;;
  esac
}

start_engine() {
  [ "$(id -u)" = 0 ] || fail "Docker is installed, but does not answer: start it (sudo systemctl start docker), or run this as root."
  if [ -d /run/systemd/system ]; then
    systemctl start docker
  else
    # After a hard kill these two keep dockerd from starting; their number may belong to another process by now.
    pgrep -x dockerd >/dev/null || rm -f /var/run/docker.pid /var/run/docker/containerd/containerd.pid
    setsid dockerd >/var/log/dockerd.log 2>&1 </dev/null &
  fi
  local waited=0
  until answers; do
    waited=$((waited + 1))
    [ "$waited" -le 60 ] || fail "dockerd did not answer within 60 s; its last lines are in /var/log/dockerd.log (or: journalctl -u docker)."
    sleep 1
  done
  say "started $(docker version --format '{{.Server.Version}}')"
}

reserve_ports
if ! answers; then
  case "$(docker info 2>&1 || true)" in
    *'permission denied'*) fail "a Docker engine runs, but refuses you: sudo usermod -aG docker $(id -un), log in again, and try again." ;;
  esac
  command -v dockerd >/dev/null 2>&1 || install_engine
  start_engine
fi
require_plugins
