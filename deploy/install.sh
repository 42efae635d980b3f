#!/bin/sh
# Sets a site up on this machine: accounts, folders and who may read them, master key, systemd units. Run it as often as
# you like: what is there already is kept, and rights that drifted are put right.
#
#   sudo deploy/install.sh "Name of the company"
#
# The places can be named otherwise by the variables below.
set -eu

APP=${CUSTINFO_APP:-/opt/custinfo}
STATE=${CUSTINFO_STATE:-/var/lib/custinfo}
ETC=${CUSTINFO_ETC:-/etc/custinfo}
UNITS=${CUSTINFO_UNITS:-/etc/systemd/system}
COMMANDS=${CUSTINFO_COMMANDS:-/usr/local/sbin}
ACCOUNT=${CUSTINFO_ACCOUNT:-custinfo}
ANALYSTS=${CUSTINFO_ANALYSTS:-custinfo-lake}
HERE=$(cd "$(dirname "$0")" && pwd)
SITE=$STATE/site

say() { echo "install.sh: $*"; }
fail() { echo "install.sh: $*" >&2; exit 1; }

[ "$(id -u)" = 0 ] || fail "makes accounts and sets rights: run it as root (sudo)."
[ -x "$APP/.venv/bin/custinfo" ] || fail "there is no $APP/.venv/bin/custinfo. Put the project in $APP and run make test there first."

accounts() {
    getent group "$ANALYSTS" >/dev/null || { groupadd --system "$ANALYSTS"; say "group $ANALYSTS made"; }
    if ! getent passwd "$ACCOUNT" >/dev/null; then
        useradd --system --user-group --home-dir "$STATE" --no-create-home --shell /usr/sbin/nologin "$ACCOUNT"
        say "account $ACCOUNT made"
    fi
    # A member itself, or the kernel would not let it hand the lake's group on
    usermod --append --groups "$ANALYSTS" "$ACCOUNT"
}

site() {
    install -d -o "$ACCOUNT" -g "$ACCOUNT" -m 0711 "$STATE"
    if [ ! -e "$SITE/site.toml" ]; then
        [ -n "${1:-}" ] || fail "name the company: install.sh \"Name\"."
        (umask 077 && setpriv --reuid "$ACCOUNT" --regid "$ACCOUNT" --init-groups \
            env HOME="$STATE" "$APP/.venv/bin/custinfo" init --home "$SITE" --name "$1")
        say "site made in $SITE"
    fi
}

master_key() {
    install -d -o root -g root -m 0755 "$ETC"
    for key in "$SITE"/keys/master-*.key; do
        [ -e "$key" ] || continue
        [ ! -e "$ETC/master.key" ] || fail "$key and $ETC/master.key are both there: keep the right one, and remove the other."
        install -o root -g root -m 0400 "$key" "$ETC/master.key"
        sync "$ETC/master.key"
        rm "$key"
        say "master key moved to $ETC/master.key: put it in escrow now (docs/how-to/deploy.md)"
    done
    [ ! -e "$ETC/master.key" ] || { chown root:root "$ETC/master.key"; chmod 0400 "$ETC/master.key"; }
}

rights() {
    # Everything is the service's alone; the analysts' group passes through, and reads the lake
    chown -R "$ACCOUNT:$ACCOUNT" "$SITE"
    chmod -R u=rwX,go= "$SITE"
    chgrp "$ANALYSTS" "$SITE"
    chmod 0710 "$SITE"
    [ -d "$SITE/lake" ] || install -d -o "$ACCOUNT" -g "$ANALYSTS" -m 0700 "$SITE/lake"
    chgrp -R "$ANALYSTS" "$SITE/lake"
    find "$SITE/lake" -type d -exec chmod 2750 {} +
    find "$SITE/lake" -type f ! -name .lock -exec chmod 0640 {} +
}

units() {
    install -d -m 0755 "$UNITS" "$COMMANDS"
    install -m 0644 "$HERE"/systemd/*.service "$HERE"/systemd/*.timer "$UNITS"
    install -m 0755 "$HERE/custinfo-site" "$COMMANDS/custinfo-site"
    [ -e "$ETC/lab.py" ] || install -m 0644 "$HERE/analyst/lab.py" "$ETC/lab.py"
    if [ ! -d /run/systemd/system ]; then
        say "systemd does not run here: the units are in $UNITS, and nothing was started."
        return
    fi
    systemctl daemon-reload
    systemctl enable --now custinfo.service
    for timer in "$HERE"/systemd/*.timer; do systemctl enable --now "$(basename "$timer")"; done
    say "custinfo runs on 127.0.0.1:8866; set up the proxy next (docs/how-to/deploy.md)."
}

accounts
site "${1:-}"
master_key
rights
units
