#!/bin/sh
# Makes one Redis Cluster of the servers of stack.yaml, and keeps it one. A service is a shard: each host has one server of it, the
# first host is master of the first shard, the second of the second, the third of the third. Whoever comes with a new address is
# told to the others; whoever comes empty becomes a replica in its shard. Everything here may be done twice.
set -eu

shards='redis-a redis-b redis-c'

addresses_of() { getent ahostsv4 "$1" 2>/dev/null | cut -d ' ' -f 1 | sort -u; }
ask() { # ask ADDRESS WORD...
  address=$1
  shift
  timeout 3 redis-cli -h "$address" "$@"
}

# The servers of a shard, in the order of their hosts.
in_order() {
  for server in $(addresses_of "$1"); do
    printf '%s %s\n' "$(ask "$server" config get cluster-announce-hostname | tail -1)" "$server"
  done | sort | cut -d ' ' -f 2
}

# Tells each server of those that it does not know at their present address. Fails if there was one.
introduce() {
  met=0
  for one in $all; do
    nodes=$(ask "$one" cluster nodes)
    for other in $all; do
      case "$nodes" in *" $other:6379@"*) continue ;; esac
      echo "$one meets $other"
      ask "$one" cluster meet "$other" 6379 >/dev/null
      met=1
    done
  done
  [ "$met" = 0 ]
}

# The id of a shard's master, as `nodes` has it. Slots stand from the ninth word of a line on.
owner_of() {
  for server in $(addresses_of "$1"); do
    printf '%s\n' "$nodes" | awk -v at=" $server:6379@" 'index($0, at) && $3 ~ /master/ && $9 != "" { print $1 }'
  done | head -1
}

range() { case $1 in redis-a) echo 0 5460 ;; redis-b) echo 5461 10922 ;; redis-c) echo 10923 16383 ;; esac; }

settle() { # settle SHARD NUMBER
  owner=$(owner_of "$1")
  if [ -z "$owner" ]; then
    # Before all are there, the master would be another one.
    [ "$(printf '%s\n' "$all" | grep -c .)" -ge 9 ] || return 0
    master=$(in_order "$1" | sed -n "$2p")
    echo "$master is master of $1"
    # shellcheck disable=SC2046 # two words
    ask "$master" cluster addslotsrange $(range "$1") || true
    return 0
  fi
  for server in $(addresses_of "$1"); do
    empty=$(ask "$server" cluster nodes | awk '$3 ~ /myself,master/ && $9 == ""')
    [ -n "$empty" ] || continue
    echo "$server copies $owner"
    ask "$server" cluster replicate "$owner" || true
  done
}

while sleep 2; do
  all=$(for shard in $shards; do addresses_of "$shard"; done)
  if [ -z "$all" ] || ! introduce; then continue; fi
  nodes=$(ask "$(printf '%s\n' "$all" | head -1)" cluster nodes) || continue
  number=0
  for shard in $shards; do
    number=$((number + 1))
    settle "$shard" "$number" || true
  done
done
