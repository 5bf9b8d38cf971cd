#!/usr/bin/env bash
# See to it that a docker daemon answers here; does nothing when one does.
# usage: scripts/docker.sh          install docker.io where it is missing (Debian, Ubuntu) and start dockerd, as root
#        scripts/docker.sh stop     end the daemon that this script started, and no other
# The daemon gets no bridge and no iptables rules: our containers have no network, and the host's stays as it is.
set -euo pipefail
state=/run/assaygym-dockerd
address=${DOCKER_HOST:-unix:///var/run/docker.sock}
seconds=60

fail() {
  echo "$1" >&2
  exit 2
}

answers() {
  python3 - "${address#unix://}" 2>/dev/null <<'PYTHON'
import socket, sys
with socket.socket(socket.AF_UNIX) as daemon:
    daemon.settimeout(5)
    daemon.connect(sys.argv[1])
    daemon.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
    sys.exit(b" 200 " not in daemon.recv(100))
PYTHON
}

# Whether the process of the given number is a living dockerd: a number may be another's by now.
is_dockerd() {
  [ -r "/proc/$1/cmdline" ] && tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null | grep -q '^[^ ]*dockerd '
}

# Wait until the given command succeeds.
wait_for() {
  local end=$((SECONDS + seconds))
  until "$@"; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.1
  done
}

install_docker() {
  command -v apt-get >/dev/null || fail "dockerd is not installed, and this is neither Debian nor Ubuntu: install Docker yourself"
  echo "installing docker.io" >&2
  export DEBIAN_FRONTEND=noninteractive
  local get=(apt-get install -y -qq --no-install-recommends docker.io)
  "${get[@]}" >/dev/null 2>&1 || { apt-get update -qq && "${get[@]}" >/dev/null; } || fail "cannot install docker.io with apt-get"
}

start_daemon() {
  if [ -d /run/systemd/system ]; then fail "dockerd is installed but does not answer: systemctl start docker"; fi
  setsid dockerd --host "$address" --bridge=none --iptables=false --ip6tables=false \
    </dev/null >"$state/log" 2>&1 9>&- &
  daemon=$!
  ended_or_answers() { ! kill -0 "$daemon" 2>/dev/null || answers; }
  if wait_for ended_or_answers && answers; then
    echo "$daemon" >"$state/pid"
    return
  fi
  kill "$daemon" 2>/dev/null || true
  tail -n 5 "$state/log" >&2
  fail "dockerd does not answer; its messages are in $state/log"
}

start() {
  if answers; then return; fi
  case $address in unix://*) ;; *) fail "DOCKER_HOST is $address, where no daemon answers; expected unix:///path" ;; esac
  [ "$(id -u)" = 0 ] || fail "no docker daemon answers at $address, and only root can start one: sudo scripts/docker.sh"
  mkdir -p -m 700 "$state"
  exec 9>"$state/lock"
  flock 9
  if answers; then return; fi
  command -v dockerd >/dev/null || install_docker
  answers || start_daemon
}

stop() {
  local pid
  pid=$(cat "$state/pid" 2>/dev/null) || return 0
  if is_dockerd "$pid"; then
    kill "$pid"
    ended() { ! is_dockerd "$pid"; }
    wait_for ended || fail "dockerd (process $pid) does not end"
  fi
  rm -f "$state/pid"
}

case ${1:-start} in
  start) start ;;
  stop) stop ;;
  *) fail "usage: scripts/docker.sh [start|stop], not '$1'" ;;
esac
