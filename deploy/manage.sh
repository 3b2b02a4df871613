#!/bin/sh
# manage.py on the server, as root:  sh /srv/kedang/deploy/manage.sh migrate
# Gives it the settings of the services and the owner's database address, and runs it as kedang.
set -eu
: "${KEDANG_ETC:=/etc/kedang}" "${KEDANG_USER:=kedang}"
cd "$(dirname "$0")/.."
set -a
. "$KEDANG_ETC/kedang.env"
[ ! -e "$KEDANG_ETC/owner.env" ] || . "$KEDANG_ETC/owner.env"
set +a
umask 022 # what collectstatic makes is for the reverse proxy to read
exec setpriv --reuid "$KEDANG_USER" --regid "$KEDANG_USER" --init-groups --no-new-privs \
    env HOME="$KEDANG_VAR" .venv/bin/python manage.py "$@"
