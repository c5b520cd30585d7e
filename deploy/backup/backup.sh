#!/bin/sh
# Backups of PostgreSQL in the folder $BACKUP, up to any moment. tests/deploy/test_backup.py runs it.
#
#   archive FILE NAME        keeps a piece of the log; PostgreSQL calls it for each (postgresql.conf):
#                            archive_mode = on
#                            archive_timeout = 60
#                            archive_command = 'BACKUP=/backup sh /backup/backup.sh archive %p %f'
#   base URL                 copies all there is now, as a role with REPLICATION; from cron, each night
#   restore FOLDER [TIME]    makes a data folder as things were at TIME ('2026-11-22 14:03:07+00'; without
#                            one: the latest), from the last copy before it and the log since
#   prune DAYS               removes copies that are older, but never the last one, and the log before them
set -eu
: "${BACKUP:?the folder of backups}"
export LC_ALL=C
umask 077

archive() {
  mkdir -p "$BACKUP/wal"
  if [ -e "$BACKUP/wal/$2" ]; then
    cmp -s "$1" "$BACKUP/wal/$2" # kept before, perhaps; another one of the same name is refused
    return
  fi
  cp "$1" "$BACKUP/wal/$2.part"
  sync "$BACKUP/wal/$2.part"
  mv "$BACKUP/wal/$2.part" "$BACKUP/wal/$2"
}

base() {
  mkdir -p "$BACKUP/base"
  rm -rf "$BACKUP/base/new" # one that was interrupted
  pg_basebackup -d "$1" -D "$BACKUP/base/new" -Ft -z -X none -c fast
  # It serves for moments after its end, by which it is named.
  mv "$BACKUP/base/new" "$BACKUP/base/$(date -u +%Y%m%dT%H%M%S.%N)"
}

copies() {
  ls "$BACKUP/base" | grep -v '^new$' | sort
}

restore() {
  until=99999999T999999
  [ -z "${2:-}" ] || until=$(date -u -d "$2" +%Y%m%dT%H%M%S.%N)
  found=
  for copy in $(copies); do
    expr "$copy" \< "$until" >/dev/null && found=$copy
  done
  [ -n "$found" ] || { echo "no copy in $BACKUP/base was finished before $2" >&2; exit 1; }
  mkdir -p "$1"
  [ -z "$(ls -A "$1")" ] || { echo "$1 is not empty" >&2; exit 1; }
  tar -xzf "$BACKUP/base/$found/base.tar.gz" -C "$1"
  chmod 700 "$1"
  {
    echo "restore_command = 'cp \"$BACKUP/wal/%f\" \"%p\"'"
    echo "archive_mode = off # until it has been looked at: then into an empty folder"
    if [ -n "${2:-}" ]; then
      echo "recovery_target_time = '$2'"
      echo "recovery_target_action = promote"
    fi
  } >>"$1/postgresql.auto.conf"
  touch "$1/recovery.signal"
  echo "restored $found; PostgreSQL reads the log since then when it starts on $1"
}

prune() {
  oldest=$(date -u -d "$1 days ago" +%Y%m%dT%H%M%S.%N)
  keep=$(copies | tail -n 1)
  for copy in $(copies); do
    if expr "$copy" \< "$oldest" >/dev/null && [ "$copy" != "$keep" ]; then
      rm -rf "$BACKUP/base/${copy:?}"
    fi
  done
  first=$(copies | head -n 1)
  [ -n "$first" ] || exit 0
  # Where the first copy that is left begins is in the log's name for it, which its label says.
  begins=$(tar -xzOf "$BACKUP/base/$first/base.tar.gz" backup_label | sed -n 's/.*(file \(.*\))/\1/p')
  pg_archivecleanup "$BACKUP/wal" "$begins"
}

case "${1:-}" in
archive | base | restore | prune) "$@" ;;
*)
  sed -n 's/^# \{0,1\}//p' "$0" >&2
  exit 2
  ;;
esac
