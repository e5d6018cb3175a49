#!/bin/sh
# Starts a gateway under guard: `entrypoint.sh GATEWAY [ARGUMENT]...`
#
# What is damaged is put right first; a gateway is not started on a configuration that could not be.
# Then a watcher runs beside the gateway, and again should it end. The gateway takes the place of this
# script: as process 1 it gets every signal itself, and when it ends, so does the container with all
# that is in it. A watcher that is killed at any moment leaves nothing undone that the next start does
# not find.
#
# CONFWARDEN names another program; CONFWARDEN_CONFIG is the file, where it is not the gateway's usual
# one.
set -eu

confwarden=${CONFWARDEN:-confwarden}

if [ $# -eq 0 ]; then
    echo "usage: $0 GATEWAY [ARGUMENT]..." >&2
    exit 2
fi

# In a process of its own, which becomes it.
guard() {
    exec "$confwarden" watch ${CONFWARDEN_CONFIG:+"$CONFWARDEN_CONFIG"} "$@"
}

(guard --once)

# For as long as the gateway runs, which has the id of this script from the end of it on.
while kill -0 $$ 2>/dev/null; do
    guard &
    wait $! || :
    echo "$0: confwarden has ended; again in a second" >&2
    sleep 1
done &

exec "$@"
