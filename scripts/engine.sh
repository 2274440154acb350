#!/usr/bin/env bash
# Makes sure that a Docker engine with compose v2 and buildx answers.
# One that answers is never touched, and none is started beside one that does not, or where docker was told of another.
# Where none is, and we are root on Debian or Ubuntu, it is installed and started.
set -euo pipefail

say() { printf 'engine: %s\n' "$*"; }
fail() { printf 'engine: %s\n' "$*" >&2; exit 1; }

# Prints the mirror that this machine's own apt sources name, whichever of apt's two formats they are written in.
debian_mirror() {
  # shellcheck disable=SC2016 # apt fills these in, not the shell.
  apt-get indextargets --format '$(SITE)|$(COMPONENT)' 'Created-By: Packages' |
    awk -F'|' '$2 == "main" && $1 ~ /\/debian\/?$/ { print $1; exit }'
}

# within SECONDS COMMAND...: 124 when it took longer. A Mac has no timeout(1).
within() {
  local turns=$(($1 * 10)) command
  shift
  "$@" &
  command=$!
  while kill -0 "$command" 2>/dev/null; do
    if [ "$turns" -eq 0 ]; then
      kill "$command" 2>/dev/null || true
      wait "$command" 2>/dev/null || true
      return 124
    fi
    turns=$((turns - 1))
    sleep 0.1
  done
  wait "$command"
}

# Sets `reason` to what docker says, when no engine answers it. An engine that hangs would let us wait for ever.
answers() {
  local status=0
  reason=$(within 30 docker info 2>&1 >/dev/null) || status=$?
  [ "$status" != 124 ] || reason='no answer within 30 s'
  reason=$(printf '%s' "$reason" | tail -1)
  return "$status"
}

# What docker was told to ask instead of this machine's own engine, and how to take that back; DOCKER_HOST comes first.
told() {
  local context=${DOCKER_CONTEXT:-} undo='unset DOCKER_CONTEXT'
  if [ -n "${DOCKER_HOST:-}" ]; then
    printf 'DOCKER_HOST=%s|unset DOCKER_HOST' "$DOCKER_HOST"
    return
  fi
  if [ -z "$context" ]; then
    context=$(sed -n 's/.*"currentContext": *"\([^"]*\)".*/\1/p' "${DOCKER_CONFIG:-${HOME:-}/.docker}/config.json" 2>/dev/null || true)
    undo='docker context use default'
  fi
  case "$context" in
    '' | default) ;;
    *) printf "the Docker context '%s'|%s" "$context" "$undo" ;;
  esac
}

stop_if_told() {
  local what
  what=$(told)
  [ -z "$what" ] || fail "no engine answers at ${what%|*} (${reason:-no docker command}). Start that engine, or take this machine's own: ${what##*|}"
}

# A zombie has no command line, and is no engine.
lives() { [ -n "$(tr -d '\0' 2>/dev/null <"/proc/$1/cmdline")" ]; }

# When a process began, in seconds since 1970.
begun() {
  local ticks booted
  ticks=$(sed 's/.*) //' "/proc/$1/stat" | cut -d ' ' -f 20)
  booted=$(sed -n 's/^btime //p' /proc/stat)
  printf '%s' $((booted + ticks / $(getconf CLK_TCK)))
}

# Prints what shows that an engine runs here, although it does not answer: its process, one that wrote the pid file, or
# whoever listens on its socket.
running() {
  local pid file
  for file in $(grep -lx dockerd /proc/[0-9]*/comm 2>/dev/null || true); do
    pid=${file#/proc/}
    pid=${pid%/comm}
    if lives "$pid"; then printf 'dockerd runs as process %s' "$pid"; return; fi
  done
  pid=$(cat /var/run/docker.pid 2>/dev/null || true)
  # After a hard kill the number may belong to another process by now: that one began later.
  if [ -n "$pid" ] && lives "$pid" && [ "$(begun "$pid")" -le "$(stat -c %Y /var/run/docker.pid)" ]; then
    printf '/var/run/docker.pid names process %s, which runs' "$pid"
    return
  fi
  # systemd may listen for an engine that is yet to be started, and starts no second one.
  if [ ! -d /run/systemd/system ] &&
    awk '$4 == "00010000" && $8 ~ /^(\/var)?\/run\/docker\.sock$/ { found = 1 } END { exit !found }' /proc/net/unix 2>/dev/null; then
    printf 'something listens on /var/run/docker.sock'
  fi
}

# One that was just started needs some seconds until it answers.
stop_if_running() {
  local what waited=0
  what=$(running)
  [ -n "$what" ] || return 0
  say "$what: waiting for its answer"
  until answers; do
    waited=$((waited + 1))
    [ "$waited" -le 20 ] || fail "$what, but no engine answers ($reason), and none is started beside it. Look at its log (/var/log/dockerd.log, or: journalctl -u docker), then restart or end it, and try again."
    sleep 1
  done
}

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
  # shellcheck source=/dev/null
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
  # shellcheck source=/dev/null
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
  local waited=0 engine='' log=/var/log/dockerd.log
  if [ -d /run/systemd/system ]; then
    systemctl start docker
  else
    # After a hard kill these two keep dockerd from starting.
    rm -f /var/run/docker.pid /var/run/docker/containerd/containerd.pid
    # Appended to, and moved aside when it is long: a log belongs to whoever wrote it before, too.
    if [ -r "$log" ] && [ "$(wc -c <"$log")" -gt 10000000 ]; then mv -f "$log" "$log.1"; fi
    setsid dockerd >>"$log" 2>&1 </dev/null &
    engine=$!
  fi
  until answers; do
    waited=$((waited + 1))
    if [ -n "$engine" ] && ! kill -0 "$engine" 2>/dev/null; then
      fail "dockerd ended at once; the last line of $log: $(tail -1 "$log")"
    fi
    [ "$waited" -le 60 ] || fail "dockerd did not answer within 60 s; its last lines are in $log (or: journalctl -u docker)."
    sleep 1
  done
  say "started $(docker version --format '{{.Server.Version}}')"
}

find_engine() {
  stop_if_told
  case "$reason" in
    *'permission denied'*) fail "a Docker engine runs, but refuses you: sudo usermod -aG docker $(id -un), log in again, and try again." ;;
  esac
  stop_if_running
  if answers; then return; fi
  command -v dockerd >/dev/null 2>&1 || install_engine
  # A package may have started what it brought.
  stop_if_running
  answers || start_engine
}

reason=''
answers || find_engine
reserve_ports
require_plugins
