#!/bin/sh
# Installs grb-app as a service, upgrades it, or takes it away again.
#
#   sh install.sh                          from the folder in which this file lies
#   sh install.sh --from FOLDER|https://…  from a release elsewhere
#   sh install.sh --file grb-app           this executable, which somebody you trust has built
#   sh install.sh --uninstall [--purge]    takes it away; the club's data stay unless --purge is given
#
# A release is believed only with its signature: SHA256SUMS is signed with Ed25519 by the key below, and what is installed
# must be in it. Run it as often as you like: what is there is kept, and settings and data are never overwritten.
#
# All of it is one function, called in the last line: a download that breaks off does nothing.
set -eu

# The public key of the releases (PEM, written in by packaging/release). Empty: only --file works.
release_key=''

main() {
  root=${DESTDIR:-}
  bin=$root/usr/local/bin/grb-app
  unit=$root/etc/systemd/system/grb-app.service
  manual=$root/usr/local/share/man/man1
  settings=$root/etc/grb-app/grb-app.toml
  key=$root/etc/grb-app/release-key.pem
  data=$root/var/lib/grb-app
  from='' file='' action=install purge=no replaced=no
  while [ $# -gt 0 ]; do
    case $1 in
      --from) from=${2:?--from wants a folder or an address}; shift ;;
      --file) file=${2:?--file wants an executable}; shift ;;
      --uninstall) action=uninstall ;;
      --purge) purge=yes ;;
      -h|--help) usage; exit 0 ;;
      *) usage >&2; exit 64 ;;
    esac
    shift
  done
  [ "$purge" = no ] || [ "$action" = uninstall ] || stop 64 "--purge goes with --uninstall: sh install.sh --uninstall --purge takes the program away, and the club's data and settings for good."
  [ "$(id -u)" = 0 ] || stop 77 "This changes the system: run it as root, for instance with sudo."
  if [ "$action" = uninstall ]; then uninstall; else install_it; fi
}

usage() {
  sed -n '2,/^$/{/^#/!q;s/^# \{0,1\}//;p;}' "$0" 2>/dev/null || true
}

say() { printf '%s\n' "$*"; }
stop() { code=$1; shift; printf 'install.sh: %s\n' "$*" >&2; exit "$code"; }
there() { command -v "$1" >/dev/null 2>&1; }

# ---- installing ----

install_it() {
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT TERM
  if [ -n "$file" ]; then take_file; else take_release; fi
  chmod 755 "$work/grb-app"
  "$work/grb-app" version >"$work/version" 2>/dev/null ||
    stop 69 "The executable does not run on this machine ($(uname -m)). Nothing was changed."
  make_user
  before=$(version_of "$bin")
  check_database
  if [ -f "$bin" ] && ! cmp -s "$work/grb-app" "$bin"; then replaced=yes; fi
  put "$work/grb-app" "$bin" 755
  write_unit
  write_settings
  start
  finish
}

take_file() {
  [ -f "$file" ] || stop 66 "There is no $file."
  cp "$file" "$work/grb-app"
}

# The executable of this architecture from a release, once its signature and checksum are right.
take_release() {
  [ -n "$release_key" ] || stop 69 "This copy of install.sh holds no key to check a release by. Take the one that comes with the release, or give an executable with --file."
  there openssl || stop 69 "openssl is needed to check the release. On Debian: apt-get install openssl"
  name=grb-app-$(architecture)
  from=${from:-$(dirname "$0")}
  for part in SHA256SUMS SHA256SUMS.sig "$name"; do fetch "$part"; done
  printf '%s\n' "$release_key" >"$work/key.pem"
  openssl pkeyutl -verify -rawin -pubin -inkey "$work/key.pem" -sigfile "$work/SHA256SUMS.sig" -in "$work/SHA256SUMS" >/dev/null 2>&1 ||
    stop 65 "The signature of SHA256SUMS is not the releases'. Nothing was changed; do not use these files."
  wanted=$(sed -n "s/^\([0-9a-f]\{64\}\) [ *]$name\$/\1/p" "$work/SHA256SUMS")
  found=$(openssl dgst -sha256 -r "$work/$name" | cut -d' ' -f1)
  [ -n "$wanted" ] && [ "$wanted" = "$found" ] ||
    stop 65 "$name is not the file that the release lists. Nothing was changed; fetch it again."
  mv "$work/$name" "$work/grb-app"
}

architecture() {
  case $(uname -m) in
    x86_64|amd64) echo x86_64-linux ;;
    aarch64|arm64) echo aarch64-linux ;;
    *) stop 69 "There is no executable for $(uname -m): only for x86_64 and aarch64 (a Raspberry Pi with a 64-bit system)." ;;
  esac
}

fetch() {
  case $from in
    https://*|http://127.0.0.1[:/]*|http://localhost[:/]*)
      if there curl; then curl -fsSL --proto '=https,http' -o "$work/$1" "$from/$1"
      elif there wget; then wget -q -O "$work/$1" "$from/$1"
      else stop 69 "curl or wget is needed to fetch a release."
      fi || stop 69 "$from/$1 cannot be fetched. Nothing was changed."
      ;;
    *://*) stop 64 "A release is fetched by https only." ;;
    *) cp "$from/$1" "$work/$1" 2>/dev/null || stop 66 "There is no $1 in $from. Nothing was changed." ;;
  esac
}

# A user without a shell, who owns the data and nothing else.
make_user() {
  in_root getent passwd grb-app >/dev/null 2>&1 && return
  in_root useradd --system --user-group --home-dir /var/lib/grb-app --no-create-home --shell /usr/sbin/nologin grb-app ||
    stop 69 "The user grb-app could not be made."
}

# A database that only a newer program can read is left alone, and so is the program that reads it.
check_database() {
  [ -f "$data/grb-app.db" ] || return 0
  code=0
  "$work/grb-app" migrate --dry-run --data-dir "$data" >"$work/migrate" 2>&1 || code=$?
  [ "$code" != 78 ] || { cat "$work/migrate" >&2; stop 78 "This executable is older than the database. Nothing was changed."; }
}

# Puts a file in its place whole or not at all; the old program stays beside the new one.
put() {
  mkdir -p "$(dirname "$2")"
  cp "$1" "$2.new"
  chmod "$3" "$2.new"
  if [ -f "$2" ] && ! cmp -s "$1" "$2"; then cp -p "$2" "$2.old"; fi
  mv "$2.new" "$2"
}

write_unit() {
  "$bin" unit >"$work/unit"
  put "$work/unit" "$unit" 644
  rm -f "$unit.old"
}

write_settings() {
  mkdir -p "$root/etc/grb-app" "$data"
  chmod 750 "$root/etc/grb-app"
  chmod 700 "$data"
  if [ ! -f "$settings" ]; then
    "$bin" config init >"$settings.new"
    chmod 640 "$settings.new"
    mv "$settings.new" "$settings"
  fi
  # What grb-app update checks releases by. Not taken from a release, but from whoever runs this.
  if [ -n "$release_key" ]; then
    printf '%s\n' "$release_key" >"$key.new"
    chmod 644 "$key.new"
    mv "$key.new" "$key"
  fi
  in_root chown root:grb-app /etc/grb-app /etc/grb-app/grb-app.toml
  in_root chown grb-app:grb-app /var/lib/grb-app
}

# Whether systemd runs here: in a container or another root it does not, and the files are all there is to do.
runs_systemd() { [ -z "$root" ] && [ -d /run/systemd/system ]; }

start() {
  runs_systemd || return 0
  systemctl daemon-reload
  systemctl enable --quiet grb-app
  systemctl restart grb-app || back_to_the_old
}

# The new program did not get ready: the old one again, with its unit, and with the file as it was before a migration.
back_to_the_old() {
  [ $replaced = yes ] || stop 69 "grb-app did not start. See why: sudo journalctl -u grb-app -n 50"
  # Whoever knocks at a door that systemd holds open would have it started meanwhile.
  door=''
  if systemctl is-active --quiet grb-app.socket; then door=grb-app.socket; fi
  systemctl stop $door grb-app || true
  mv "$bin.old" "$bin"
  write_unit
  systemctl daemon-reload
  code=0
  "$bin" migrate --dry-run --data-dir "$data" >/dev/null 2>&1 || code=$?
  # It keeps what it takes away, and says where. What it cannot do, the restart tells.
  if [ "$code" = 78 ]; then "$bin" restore --before-migration --data-dir "$data" >&2 || true; fi
  systemctl reset-failed grb-app 2>/dev/null || true
  [ -z "$door" ] || systemctl start "$door" || true
  if systemctl restart grb-app; then
    stop 69 "The new grb-app did not start, and $before runs again. See why: sudo journalctl -u grb-app -n 50"
  fi
  stop 69 "The new grb-app did not start, and neither does $before, which is back in place. See what to do: sudo journalctl -u grb-app -n 50"
}

finish() {
  write_manual
  after=$(version_of "$bin")
  case $before in
    '') say "$after is installed." ;;
    "$after") say "$after was here already; it is in order." ;;
    *) say "Upgraded from $before to $after. The old program is kept as $bin.old." ;;
  esac
  say "Settings: $settings   Data: $data"
  if runs_systemd; then
    invitation
    say "Status: sudo systemctl status grb-app    Log: sudo journalctl -u grb-app    Check: sudo grb-app doctor"
  else
    say "systemd does not run here: start it with  grb-app serve --data-dir /var/lib/grb-app"
  fi
}

# One page a command; those of commands that are no more go. A desk works without it.
write_manual() {
  rm -f "$manual/grb-app.1" "$manual"/grb-app-*.1
  (umask 022 && "$bin" man --folder "$manual") || say "The manual could not be put into $manual; grb-app help says the same."
}

# The link for the first officer is in the log of a desk that has none yet, written before it is ready. Only this start counts:
# the log of an earlier one, which was taken away, may hold a link that has been used.
invitation() {
  [ -z "$before" ] || return 0
  tries=0 run=$(systemctl show --property=InvocationID --value grb-app)
  while [ $tries -lt 3 ]; do
    link=$(journalctl "_SYSTEMD_INVOCATION_ID=$run" -o cat -n 200 --no-pager 2>/dev/null | sed -n 's/.*Become the first at \([^ ]*\).*/\1/p' | tail -n 1)
    ! systemctl is-active --quiet grb-app || [ -z "$link" ] || break
    tries=$((tries + 1))
    sleep 1
  done
  if [ -n "$link" ]; then say "Become the first officer: $link (works once, within a day)"; fi
}

version_of() { if [ -x "$1" ]; then "$1" version 2>/dev/null | cut -d' ' -f1,2; fi; }

# Runs a command within the root that is installed into.
in_root() { if [ -n "$root" ]; then chroot "$root" "$@"; else "$@"; fi; }

# ---- taking it away ----

uninstall() {
  if runs_systemd; then
    # The door first, where systemd holds it open: whoever knocks would have it started again.
    for part in grb-app.socket grb-app; do systemctl disable --now --quiet $part 2>/dev/null || true; done
  fi
  rm -f "$bin" "$bin.old" "$unit" "${unit%.service}.socket" "$manual/grb-app.1" "$manual"/grb-app-*.1
  if runs_systemd; then systemctl daemon-reload; fi
  if [ "$purge" = yes ]; then
    rm -rf "$data" "$root/etc/grb-app"
    in_root userdel grb-app 2>/dev/null || true
    say "grb-app is gone, with its settings and the club's data."
  else
    say "grb-app is gone. The club's data are still in $data and its settings in $root/etc/grb-app; to remove them too, for good: sudo sh install.sh --uninstall --purge"
  fi
}

main "$@"
